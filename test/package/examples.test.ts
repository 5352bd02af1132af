import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { entryPoints, publicSymbols } from "../../scripts/public-symbols.ts";
import { codeBlocks, remove, root, run, temporaryFolder, typeErrors } from "./support.ts";

const paths = Object.fromEntries(Object.entries(entryPoints).map(([name, file]) => [name, [file]]));

const folder = temporaryFolder();
const fileOf = (name: string) => join(folder, `${name}.ts`);
const examples = publicSymbols(Object.values(entryPoints)).map(({ name, tags }) => {
  const texts = tags.filter((tag) => tag.name === "example").map(({ text }) => text);
  return [name, texts.flatMap(codeBlocks)] as const;
});

beforeAll(() => {
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { paths } }));
  for (const [name, [code]] of examples) writeFileSync(fileOf(name), code ?? "");
});

afterAll(() => remove(folder));

test("each public function and class has one example", () => {
  expect(examples.map(([name]) => name)).toContain("mcmiLoss");
  expect(examples.filter(([, blocks]) => blocks.length !== 1)).toEqual([]);
});

test("the examples have no type errors", () => {
  const options = {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    paths,
  };
  const files = examples.map(([name]) => fileOf(name));
  expect(typeErrors(files, options)).toEqual([]);
});

test("the examples run", async () => {
  const main = join(folder, "main.ts");
  writeFileSync(
    main,
    `
      import * as tf from "@tensorflow/tfjs-core";
      import "@tensorflow/tfjs-backend-cpu";

      const failures = {};
      for (const name of ${JSON.stringify(examples.map(([name]) => name))}) {
        await tf.setBackend("cpu");
        await import(\`./\${name}.ts\`).catch((error) => { failures[name] = String(error); });
      }
      console.log(JSON.stringify(failures));
    `,
  );
  const printed = await run(folder, join(root, "node_modules/.bin/tsx"), main);
  expect(JSON.parse(printed.trim().split("\n").at(-1)!)).toEqual({});
});
