import { type PublicSymbol, publicSymbols } from "./public-symbols.ts";

const INTRODUCTION = `# The losses

Made from the docstrings by \`npm run docs\`. The weight is that of the loss in the total one, beside
cross-entropy of weight 1 where nothing else is said.
`;

/** A Markdown page with a row for each loss of an entry point, in the order of their files. */
export function methodsPage(entryPoint: string): string {
  const losses = publicSymbols([entryPoint]).filter(({ name }) => name.endsWith("Loss"));
  const header = ["Loss", "Method", "Inputs", "Trainable parts", "Usual weight", "Source"];
  const rows = losses
    .sort((a, b) => (a.file < b.file ? -1 : 1))
    .map((loss) => [
      `\`${loss.name}\``,
      methodOf(loss),
      inputsOf(loss),
      paragraph(loss, "Trainable parts"),
      paragraph(loss, "Usual weight"),
      paragraph(loss, "Source"),
    ]);
  const lines = [header, header.map(() => "---"), ...rows].map(
    (cells) => `| ${cells.join(" | ")} |`,
  );
  return `${INTRODUCTION}\n${lines.join("\n")}\n`;
}

/** What the docstring calls the method: its text up to the first colon. */
function methodOf({ name, text }: PublicSymbol): string {
  const [method, ...rest] = text.split(":");
  if (rest.length === 0 || method!.includes("\n\n")) throw new Error(`${name} names no method`);
  return inOneLine(method!);
}

/** Each argument with the beginning of its description, which is about its shape. */
function inputsOf({ name, tags }: PublicSymbol): string {
  const inputs = tags.filter((tag) => tag.name === "param");
  if (inputs.length === 0) throw new Error(`${name} describes no argument`);
  return inputs
    .map(({ text }) => {
      const [argument, ...words] = inOneLine(text).split(" ");
      return `\`${argument}\`: ${words.join(" ").split(/[;.]/)[0]}`;
    })
    .join("<br>");
}

/** A paragraph of the docstring by what it begins with. */
function paragraph({ name, text }: PublicSymbol, title: string): string {
  const found = text.split("\n\n").find((part) => part.startsWith(`${title}: `));
  if (!found) throw new Error(`the docstring of ${name} lacks "${title}: "`);
  return inOneLine(found.slice(title.length + 2));
}

const inOneLine = (text: string) =>
  text
    .replace(/\{@link (\w+) ?\}/g, "`$1`")
    .replace(/\s+/g, " ")
    .replaceAll("|", "\\|")
    .trim()
    .replace(/\.$/, "");
