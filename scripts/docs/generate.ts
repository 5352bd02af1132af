import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { methodOf, paragraph } from "../methods-table.ts";
import { apiPage, typesPage } from "./api-page.ts";
import { evidencePages } from "./evidence.ts";
import { families } from "./families.ts";
import { lossFacts } from "./loss-card.ts";
import { type Entry, readReference, TYPES_PATH } from "./reference.ts";
import { typedocPages } from "./typedoc.ts";

export const site = fileURLToPath(new URL("../../docs/site", import.meta.url));

/** The folders and files of the site that this script writes. Git ignores them. */
export const GENERATED = ["losses", "api", "evidence", ".vitepress/sidebar.json"];

export interface SidebarItem {
  text: string;
  link?: string;
  items?: SidebarItem[];
}

/** Writes the pages of losses, API and evidence, and their sidebars. */
export async function generate(): Promise<void> {
  for (const path of GENERATED) rmSync(join(site, path), { recursive: true, force: true });
  const folder = mkdtempSync(join(tmpdir(), "kd-cmi-typedoc-"));
  const pages = await typedocPages(folder);
  rmSync(folder, { recursive: true });

  const reference = readReference();
  const { entries, sharedTypes } = reference;
  for (const entry of entries) {
    const facts = entry.isLoss ? await lossFacts(entry, reference) : "";
    write(entry.path, apiPage(entry, pages, reference, facts));
  }
  write(TYPES_PATH, typesPage(sharedTypes, pages, reference));
  write("/losses/", lossesIndex(entries));
  write("/api/", apiIndex(entries));

  const evidence = evidencePages();
  for (const { path, text } of evidence) write(path, text);

  const sidebar = {
    "/losses/": [{ text: "All losses", link: "/losses/" }, ...groupsOf(entries.filter(isLoss))],
    "/api/": [
      { text: "Overview", link: "/api/" },
      ...groupsOf(entries),
      { text: "Shared types", link: TYPES_PATH },
    ],
    "/evidence/": evidence.map(({ title, path }) => ({ text: title, link: path })),
  };
  write("/.vitepress/sidebar.json", JSON.stringify(sidebar));
}

const isLoss = (entry: Entry) => entry.isLoss;

function write(path: string, text: string): void {
  const name = path.endsWith("/") ? `${path}index` : path;
  const file = join(site, name.includes(".json") ? name : `${name}.md`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** The entries of each family in the order of the families. */
const byFamily = (entries: readonly Entry[]) =>
  families
    .map((family) => ({ family, members: entries.filter((entry) => entry.family === family) }))
    .filter(({ members }) => members.length > 0);

const groupsOf = (entries: readonly Entry[]): SidebarItem[] =>
  byFamily(entries).map(({ family, members }) => ({
    text: family.title,
    items: members.map(({ symbol, path }) => ({ text: symbol.name, link: path })),
  }));

/** The names of the losses and of their methods, by family. */
function lossesIndex(entries: readonly Entry[]): string {
  const sections = byFamily(entries.filter(isLoss)).map(({ family, members }) =>
    [
      `## ${family.title}`,
      "| Loss | Method | Use when |\n| --- | --- | --- |\n" +
        members
          .map(
            ({ symbol, path }) =>
              `| [\`${symbol.name}\`](${path}) | ${methodOf(symbol)} | ${paragraph(symbol, "Use when")} |`,
          )
          .join("\n"),
    ].join("\n\n"),
  );
  return `${["# Losses", LOSSES_INTRODUCTION, ...sections].join("\n\n")}\n`;
}

const LOSSES_INTRODUCTION =
  "Each page has formula, inputs, trainable parts, weight, cost, size and an example. " +
  "[Choosing a loss](/guide/choosing-a-loss) compares the families.";

/** The first sentence of each docstring, by family. */
function apiIndex(entries: readonly Entry[]): string {
  const sections = byFamily(entries).map(({ family, members }) =>
    [
      `## ${family.title}`,
      members
        .map(
          ({ symbol, path, from }) =>
            `- [\`${symbol.name}\`](${path}) of \`${from}\`: ${firstSentence(symbol.text)}`,
        )
        .join("\n"),
    ].join("\n\n"),
  );
  return `${["# API", ...sections].join("\n\n")}\n`;
}

const firstSentence = (text: string) =>
  text
    .split(/(?<=[.:])\s|\n\n/)[0]!
    .replace(/\{@link (\w+) ?\}/g, "`$1`")
    .replace(/\s+/g, " ")
    .replace(/:$/, ".");
