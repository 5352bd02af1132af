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

/** The generated documents of docs as pages of the site. */
export const evidencePages = (): EvidencePage[] => [
  ...reproductionPages(read("reproduction.md"), read),
  page("performance", read("performance.md")),
  page("precision", read("precision.md")),
];

/**
 * The summary of the reproduction, and the pages that it lists.
 *
 * @param readPage Reads a document of docs.
 */
export function reproductionPages(
  summary: string,
  readPage: (name: string) => string,
): EvidencePage[] {
  const listed = summary.matchAll(/^- \[[^\]]+\]\(reproduction\/([\w-]+)\.md\)$/gm);
  return [
    page("index", summary),
    ...[...listed].map(([, slug]) => page(slug!, readPage(`reproduction/${slug}.md`))),
  ];
}

const titleOf = (text: string) => /^# (.+)$/m.exec(text)![1]!;

/** Links between documents become links between pages, which are in one folder. */
const page = (slug: string, text: string): EvidencePage => ({
  title: titleOf(text),
  path: `/evidence/${slug === "index" ? "" : slug}`,
  text: text
    .replaceAll(/\]\((?:\.\.\/)?images\//g, "](../../images/")
    .replaceAll("](reproduction/", "](./")
    .replaceAll("](../reproduction.md", "](./index.md"),
});
