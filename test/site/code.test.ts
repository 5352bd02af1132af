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

/** Languages of blocks. Commands are not run, and the import map is tried by npm run versions. */
const LANGUAGES = ["ts", "text", "sql", "sh", "html"];

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
const fileOf = (name: string) => join(folder, name, "main.ts");

/** Runs the programs one after another, each in its folder, and prints their lines as JSON. */
const runner = (names: readonly string[]) => `
  import * as tf from "@tensorflow/tfjs-core";
  import "@tensorflow/tfjs-backend-cpu";

  const log = console.log;
  const printed = {};
  for (const name of ${JSON.stringify(names)}) {
    const lines = [];
    console.log = (...values) => lines.push(...values.map(String).join(" ").split("\\n"));
    process.chdir("${folder}/" + name);
    await tf.setBackend("cpu");
    await import("${folder}/" + name + "/main.ts").catch((error) => lines.push(error.stack));
    printed[name] = lines;
  }
  log(JSON.stringify(printed));
`;

beforeAll(() => {
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { paths } }));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  for (const { name, code } of programs) {
    mkdirSync(join(folder, name));
    symlinkSync(join(root, "node_modules"), join(folder, name, "node_modules"));
    writeFileSync(fileOf(name), code);
  }
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
  const files = programs.map(({ name }) => fileOf(name));
  expect(typeErrors(files, options)).toEqual([]);
});

test("the programs run and print what the pages say", async () => {
  const main = join(folder, "main.ts");
  writeFileSync(main, runner(programs.map(({ name }) => name)));
  const printed = JSON.parse(await run(folder, join(root, "node_modules/.bin/tsx"), main));
  for (const { name, printed: expected } of programs) {
    const lines: string[] = printed[name];
    expect(lines.join("\n"), name).not.toMatch(/NaN|false|undefined|Error/);
    for (const line of expected) {
      const at = lines.findIndex((found) => wordsOf(found) === wordsOf(line));
      expect(at, `${name} prints ${line}, got\n${lines.join("\n")}`).toBeGreaterThanOrEqual(0);
      expectNumbers(lines.splice(at, 1)[0]!, line);
    }
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
