import { anchorOf, type Entry, type Reference } from "./reference.ts";

/** The paragraphs of a loss's docstring that are in the list of facts. */
const STATED_IN_FACTS = /^(Use when|Usual weight|Trainable parts): [\s\S]*?\n\n/gm;

type Pages = ReadonlyMap<string, string>;

/** The Markdown page of a function or class, with its types. */
export function apiPage(entry: Entry, pages: Pages, { pathOf }: Reference, facts = ""): string {
  const { symbol, from, types } = entry;
  const body = withoutTitle(mergeOverloads(pageOf(symbol.name, pages)));
  const text = [
    `# ${symbol.name}`,
    `\`import { ${symbol.name} } from "${from}";\``,
    ...(facts ? [facts] : []),
    facts ? body.replace(STATED_IN_FACTS, "") : body,
    ...types.map((name) => typeSection(name, pages)),
  ].join("\n\n");
  return finish(text, pathOf);
}

/** The page of the types that several functions share. */
export const typesPage = (names: readonly string[], pages: Pages, { pathOf }: Reference): string =>
  finish(["# Shared types", ...names.map((name) => typeSection(name, pages))].join("\n\n"), pathOf);

const pageOf = (name: string, pages: Pages): string => {
  const page = pages.get(name);
  if (page === undefined) throw new Error(`TypeDoc wrote no page of ${name}`);
  return page;
};

const withoutTitle = (page: string) => page.replace(/^# .*\n+/, "").trim();

/** A type as a section of level 2. The ids of its properties begin with its name. */
function typeSection(name: string, pages: Pages): string {
  const body = withoutTitle(pageOf(name, pages))
    .replace(/^## (Extends|Extended by)\n\n(- .*\n?)+/gm, "")
    .replace(/^## (Properties|Type declaration)\n+/gim, "")
    .replace(/^(#+) /gm, "#$1 ")
    .replaceAll('<a id="', `<a id="${anchorOf(name)}-`);
  return `## ${name}\n\n${body.trim()}`;
}

/** Keeps the last and most general signature of an overloaded function, if all have one text. */
function mergeOverloads(page: string): string {
  const [head, ...bodies] = page.split(/^## Call Signature\n/m);
  if (bodies.length === 0) return page;
  const description = (body: string) => body.replace(/^> .*\n/m, "").split(/^### /m)[0];
  if (new Set(bodies.map(description)).size > 1) return page;
  const last = bodies.at(-1)!.replace(/^##(#+) /gm, "#$1 ");
  return [head!.trim(), last.trim()].join("\n\n");
}

function finish(text: string, pathOf: Reference["pathOf"]): string {
  const parts = text.split(/(^```[\s\S]*?^```$)/m);
  return `${parts.map((part, i) => (i % 2 ? part : finishProse(part, pathOf))).join("")}\n`;
}

/** Links names to their pages and papers to arXiv, and sets off the paragraphs with a title. */
function finishProse(text: string, pathOf: Reference["pathOf"]): string {
  return text
    .replace(/\]\((?:\.\.\/)*(?:[\w-]+\/)*(\w+)\.md(#[\w-]+)?\)/g, (_, name, anchor) => {
      const path = pathOf.get(name);
      if (!path) throw new Error(`a docstring links to ${name}, which has no page`);
      if (!anchor) return `](${path})`;
      return `](${path.includes("#") ? `${path}-${anchor.slice(1)}` : `${path}${anchor}`})`;
    })
    .replace(/\barXiv[ :](\d{4}\.\d{4,5})/g, "[arXiv $1](https://arxiv.org/abs/$1)")
    .replace(/^(Usual weight|Trainable parts|Sources?|Use when): /gm, "**$1:** ")
    .replace(/\$\$[^$]+\$\$/g, inLines);
}

/** A formula of several parts, one below the other, so that it fits the page. */
function inLines(formula: string): string {
  const parts = formula.slice(2, -2).split(/\\qquad\s/);
  if (parts.length === 1) return formula;
  return `$$\\begin{gathered}${parts.join("\\\\ ")}\\end{gathered}$$`;
}
