import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface EvidencePage {
  title: string;
  /** The path in the site. */
  path: string;
  text: string;
}

const read = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), "utf8");

/** The generated documents of docs as pages of the site: the reproduction is split by data set. */
export function evidencePages(): EvidencePage[] {
  return [
    ...reproductionPages(read("reproduction.md")),
    page("performance", read("performance.md")),
    page("precision", read("precision.md")),
  ];
}

/** The summary, and a page for each section of level 2 with sections of its own. */
export function reproductionPages(document: string): EvidencePage[] {
  const [head, ...sections] = document.split(/^(?=## )/m);
  const hasPage = (section: string) => /^### /m.test(section);
  const pages = sections.filter(hasPage).map((section) => {
    const text = section.replace(/^#(#+ )/gm, "$1");
    return page(slugOf(titleOf(text)), text);
  });
  const list = pages.map(({ title, path }) => `- [${title}](${path})`).join("\n");
  const summary = [head, ...sections.filter((section) => !hasPage(section))].join("");
  return [page("index", `${summary}\n## Results by data set\n\n${list}\n`), ...pages];
}

const titleOf = (text: string) => /^# (.+)$/m.exec(text)![1]!;

const slugOf = (title: string) => title.toLowerCase().replace(/[^a-z0-9]+/g, "-");

const page = (slug: string, text: string): EvidencePage => ({
  title: titleOf(text),
  path: `/evidence/${slug === "index" ? "" : slug}`,
  text: text.replaceAll("](images/", "](../../images/"),
});
