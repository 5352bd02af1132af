import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../package/support.ts";

export const siteFolder = join(root, "docs/site");

/** The pages that are written by hand, by path, such as `guide/saving`. */
export function handwrittenPages(): Map<string, string> {
  const guide = readdirSync(join(siteFolder, "guide")).map((name) => `guide/${name}`);
  return new Map(
    ["index.md", ...guide].map((name) => [
      name.replace(/\.md$/, ""),
      readFileSync(join(siteFolder, name), "utf8"),
    ]),
  );
}

export interface Block {
  language: string;
  code: string;
}

/** The code blocks of a page in their order. */
export const blocksOf = (markdown: string): Block[] =>
  [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
    language: language!,
    code: code!,
  }));
