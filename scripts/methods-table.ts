import { type PublicSymbol, publicSymbols } from "./public-symbols.ts";

const INTRODUCTION = `# The losses

Generated from the docstrings by \`npm run docs\`. The usual weight is the factor of the loss in the
total, in addition to cross-entropy of weight 1 unless stated otherwise.
`;

/** The families of losses, each with its folder in src. */
const FAMILIES = [
  ["Teachers", "teacher"],
  ["Logits", "distill/logits"],
  ["Feature maps", "distill/features"],
  ["Relations between samples", "distill/relations"],
  ["Contrast", "distill/contrast"],
  ["Self-supervision", "distill/self-supervised"],
] as const;

const HEADER = ["Loss", "Method", "Inputs", "Trainable parts", "Usual weight", "Source"];

/** A Markdown page with a table for each family of losses of an entry point. */
export function methodsPage(entryPoint: string): string {
  const losses = publicSymbols([entryPoint]).filter(({ name }) => name.endsWith("Loss"));
  const sections = FAMILIES.map(([title, folder]) => {
    const family = losses.filter(({ file }) => file.includes(`/src/${folder}/`));
    return { family, text: `## ${title}\n\n${tableOf(family)}\n` };
  });
  const listed = sections.flatMap(({ family }) => family);
  const missing = losses.filter((loss) => !listed.includes(loss)).map(({ name }) => name);
  if (missing.length > 0) throw new Error(`methodsPage: no family has the losses ${missing}`);
  return [INTRODUCTION, ...sections.map(({ text }) => text)].join("\n");
}

/** A row for each loss, in the order of their files. */
function tableOf(losses: readonly PublicSymbol[]): string {
  const rows = [...losses]
    .sort((a, b) => (a.file < b.file ? -1 : 1))
    .map((loss) => [
      `\`${loss.name}\``,
      methodOf(loss),
      inputsOf(loss),
      paragraph(loss, "Trainable parts"),
      paragraph(loss, "Usual weight"),
      paragraph(loss, "Source"),
    ]);
  return [HEADER, HEADER.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** The name of the method: the docstring up to the first colon. */
export function methodOf({ name, text }: PublicSymbol): string {
  const [method, ...rest] = text.split(":");
  if (rest.length === 0 || method!.includes("\n\n"))
    throw new Error(`the docstring of ${name} names no method`);
  return inOneLine(method!);
}

/** Each argument but the options, with the beginning of its description, which gives its shape. */
function inputsOf(loss: PublicSymbol): string {
  return argumentsOf(loss)
    .map(({ argument, description }) => `\`${argument}\`: ${description}`)
    .join("<br>");
}

/** The arguments of a loss but the options, each with the first clause of its description. */
export function argumentsOf({ name, tags }: PublicSymbol) {
  const inputs = tags
    .filter((tag) => tag.name === "param")
    .map(({ text }) => {
      const [argument, ...words] = inOneLine(text).split(" ");
      return { argument, description: words.join(" ").split(/[;.]/)[0] };
    })
    .filter(({ argument }) => argument !== "options");
  if (inputs.length === 0) throw new Error(`the docstring of ${name} describes no argument`);
  return inputs;
}

/** The paragraph of the docstring that begins with a title. */
export function paragraph({ name, text }: PublicSymbol, title: string): string {
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
