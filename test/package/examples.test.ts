import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeBlocks, remove, root, run, temporaryFolder, typeErrors } from "./support.ts";

const entryPoints = {
  "kd-cmi": join(root, "src/index.ts"),
  "kd-cmi/layers": join(root, "src/layers/index.ts"),
  "kd-cmi/wasm": join(root, "src/wasm/index.ts"),
};
const paths = Object.fromEntries(Object.entries(entryPoints).map(([name, file]) => [name, [file]]));

const folder = temporaryFolder();
const fileOf = (name: string) => join(folder, `${name}.ts`);
const examples = publicExamples();

beforeAll(() => {
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { paths } }));
  for (const [name, [code]] of examples) writeFileSync(fileOf(name), code ?? "");
});

afterAll(() => remove(folder));

/** The examples in the docstring of each function and class that the entry points export. */
function publicExamples(): [name: string, examples: string[]][] {
  const files = Object.values(entryPoints);
  const program = ts.createProgram(files, { allowImportingTsExtensions: true, noEmit: true });
  const checker = program.getTypeChecker();
  const exported = files.flatMap((file) => {
    const entryPoint = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    return checker.getExportsOfModule(entryPoint);
  });
  return exported
    .map((symbol) =>
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    )
    .filter(({ flags }) => flags & ts.SymbolFlags.Value)
    .map((symbol) => {
      const tags = symbol.getJsDocTags(checker).filter(({ name }) => name === "example");
      const texts = tags.map(({ text }) => ts.displayPartsToString(text));
      return [symbol.name, texts.flatMap(codeBlocks)];
    });
}

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
