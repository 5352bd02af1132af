import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { entryPoints } from "../../scripts/public-symbols.ts";
import { remove, root, run, temporaryFolder, typeErrors } from "../package/support.ts";
import { type Block, blocksOf, handwrittenPages } from "./support.ts";

/** The ts blocks of a page are one program. Its output is that of the text blocks. */
interface Program {
  name: string;
  code: string;
  /** What the page says that the program prints, a line each. */
  printed: string[];
}

/** Languages of blocks that are tested here, and of commands, which are not run. */
const LANGUAGES = ["ts", "text", "sql", "sh", "bibtex"];

const pages = [...handwrittenPages()].map(([name, text]) => ({ name, blocks: blocksOf(text) }));
const programs: Program[] = pages
  .map(({ name, blocks }) => ({
    name: name.replace("/", "-"),
    code: codeOf(blocks, "ts"),
    printed: codeOf(blocks, "text").split("\n").filter(Boolean),
  }))
  .filter(({ code }) => code !== "");

function codeOf(blocks: readonly Block[], language: string): string {
  return blocks
    .filter((block) => block.language === language)
    .map(({ code }) => code)
    .join("\n");
}

const paths = Object.fromEntries(Object.entries(entryPoints).map(([name, file]) => [name, [file]]));
const folder = temporaryFolder();

beforeAll(() => {
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { paths } }));
  for (const { name, code } of programs) writeFileSync(join(folder, `${name}.ts`), code);
});

afterAll(() => remove(folder));

test("every code block is in a language that is tested", () => {
  const languages = pages.flatMap(({ blocks }) => blocks.map(({ language }) => language));
  expect(languages.filter((language) => !LANGUAGES.includes(language))).toEqual([]);
  expect(programs.length).toBeGreaterThan(8);
});

test("the programs have no type errors", () => {
  const options = {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: ["node"],
    paths,
  };
  const files = programs.map(({ name }) => join(folder, `${name}.ts`));
  expect(typeErrors(files, options)).toEqual([]);
});

test.each(programs)("$name runs and prints what the page says", async ({ name, printed }) => {
  const own = join(folder, name); // for the files that it writes
  mkdirSync(own);
  symlinkSync(join(root, "node_modules"), join(own, "node_modules"));
  const output = await run(own, join(root, "node_modules/.bin/tsx"), join(folder, `${name}.ts`));
  expect(output).not.toMatch(/NaN|false|undefined/);
  const lines = output.split("\n");
  for (const expected of printed) {
    const found = lines.find((line) => wordsOf(line) === wordsOf(expected));
    expect(found, `${expected}\nis none of\n${output}`).toBeDefined();
    lines.splice(lines.indexOf(found!), 1);
    expectNumbers(found!, expected);
  }
});

const NUMBER = /-?\d+(?:\.\d+)?(?:e-?\d+)?/g;

const wordsOf = (line: string) => line.replace(NUMBER, "#");

/** Numbers are those of the page, within 5 %. Times depend on the machine. */
function expectNumbers(line: string, expected: string): void {
  const numbers = (text: string) => (text.replace(/\d+ ms/g, "").match(NUMBER) ?? []).map(Number);
  const [actual, wanted] = [numbers(line), numbers(expected)];
  for (const [i, number] of wanted.entries()) {
    expect(Math.abs(actual[i]! - number), `${line} is not ${expected}`).toBeLessThanOrEqual(
      0.05 * Math.abs(number),
    );
  }
}
