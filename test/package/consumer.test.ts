import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import lock from "../../package-lock.json" with { type: "json" };
import { gradientsProgram, WITHOUT_GRADIENT } from "./gradients.ts";
import { headingsOf, linksOf } from "./links.ts";
import { codeBlocks, remove, root, run, temporaryFolder, typeErrors } from "./support.ts";

/** Half of the code is CommonJS, which no build can share with that of ES modules. */
const MAX_PACKED_BYTES = 250_000;
const DOCUMENTS = ["README.md", "CHANGELOG.md", "LICENSE"];

const folder = temporaryFolder();
/** A user's project with the tarball, tfjs-core and the cpu backend only. */
const lean = join(folder, "lean");
/** A project that also has tfjs-layers and the wasm backend. */
const full = join(folder, "full");
const unpacked = join(lean, "node_modules", "kd-cmi");
let packed: { size: number; files: { path: string }[] };
let paths: string[];

beforeAll(async () => {
  // Built in a copy, so that it does not interfere with a build in the repository.
  const copy = join(folder, "copy");
  const inputs = ["src", "scripts", "docs", "tsconfig.json", "tsup.config.ts", "package.json"];
  for (const path of [...inputs, ...DOCUMENTS]) {
    const filter = (name: string) => basename(name) !== "node_modules";
    cpSync(join(root, path), join(copy, path), { recursive: true, filter });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  await run(copy, "npm", "run", "build");
  const [{ filename, ...tarball }] = JSON.parse(await run(copy, "npm", "pack", "--json"));
  packed = tarball;
  paths = packed.files.map(({ path }) => path);

  write(lean, "package.json", '{ "private": true }');
  const packages = ["tfjs-core", "tfjs-backend-cpu"].map((name) => {
    const { version } = (lock.packages as Packages)[`node_modules/@tensorflow/${name}`]!;
    return `@tensorflow/${name}@${version}`;
  });
  const flags = ["--prefer-offline", "--no-audit", "--no-fund"];
  await run(lean, "npm", "install", ...flags, join(copy, filename), ...packages);

  write(full, "package.json", '{ "private": true }');
  const [installed, own] = [lean, full].map((project) => join(project, "node_modules"));
  cpSync(join(installed!, "kd-cmi"), join(own!, "kd-cmi"), { recursive: true });
  symlinkSync(join(root, "node_modules", "@tensorflow"), join(own!, "@tensorflow"));
}, 300_000);

afterAll(() => remove(folder));

type Packages = Record<string, { version?: string }>;

function write(project: string, file: string, text: string): string {
  const path = join(project, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const read = (path: string) => readFileSync(join(unpacked, path), "utf8");

test("the tarball is at most 250 kB", () => {
  expect(packed.size).toBeLessThanOrEqual(MAX_PACKED_BYTES);
});

test("the tarball holds every file of package.json's exports and the documents, and no other files", () => {
  const entries = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === "string"
      ? [entry]
      : [...Object.values(entry.import), ...Object.values(entry.require)],
  );
  const expected = [...entries.map(normalize), ...DOCUMENTS, "docs/methods.md"];
  expect(paths).toEqual(expect.arrayContaining(expected));
  const others = paths.filter((path) => !expected.includes(path));
  const chunk = /^dist\/[\w-]+\.(js|cjs|d\.ts|d\.cts)$/;
  expect(others.filter((path) => !chunk.test(path) && !path.startsWith("docs/images/"))).toEqual(
    [],
  );
});

test("it has no source map and no reference to one", () => {
  expect(paths.filter((path) => path.endsWith(".map"))).toEqual([]);
  const code = paths.filter((path) => path.startsWith("dist/"));
  expect(code.length).toBeGreaterThan(0);
  expect(code.filter((path) => read(path).includes("sourceMappingURL"))).toEqual([]);
});

test("every relative link and image of its documents leads to a file of it", () => {
  const documents = paths.filter((path) => path.endsWith(".md"));
  const links = documents.flatMap((document) =>
    linksOf(read(document)).map((link) => ({ document, link })),
  );
  expect(links).toContainEqual({ document: "README.md", link: "docs/methods.md" });
  const broken = links.filter(({ document, link }) => !leadsToFile(document, link));
  expect(broken).toEqual([]);
});

test("every image of it is used by a document", () => {
  const images = paths.filter((path) => path.startsWith("docs/images/"));
  expect(images.filter((path) => !linksOf(read("README.md")).includes(path))).toEqual([]);
});

test("installs the requested packages only", async () => {
  const tree = JSON.parse(await run(lean, "npm", "ls", "--json"));
  expect(Object.keys(tree.dependencies).sort()).toEqual([
    "@tensorflow/tfjs-backend-cpu",
    "@tensorflow/tfjs-core",
    "kd-cmi",
  ]);
  const installed = JSON.parse(readFileSync(join(lean, "package-lock.json"), "utf8")).packages;
  expect(
    Object.keys(installed).filter((path) => /tfjs-(layers|backend-wasm|backend-webgpu)/.test(path)),
  ).toEqual([]);
});

const use = `
  registerTrainingKernels();
  const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 2, inputShape: [3] })] });
  const loss = kdLoss(tf.tensor2d([[0, 0]]), tf.tensor2d([[0, Math.log(3)]]), { temperature: 1 });
  const outputs = featureExtractor(model, [model.layers[0].name]).outputs.length;
  console.log(JSON.stringify([loss.dataSync()[0].toFixed(4), outputs]));
`;
// KL((1/2, 1/2) ‖ (1/4, 3/4)) = log(2/√3)
const used = ["0.1438", 1];

test.each([
  ["main.mjs", (name: string, from: string) => `import ${name} from "${from}";`],
  [
    "main.cjs",
    (name: string, from: string) => `const ${name.replace("* as ", "")} = require("${from}");`,
  ],
])("works from Node as %s", async (file, load) => {
  const imports = [
    load("* as tf", "@tensorflow/tfjs-core"),
    load("* as tfl", "@tensorflow/tfjs-layers"),
    load("* as cpu", "@tensorflow/tfjs-backend-cpu"),
    load("* as wasm", "@tensorflow/tfjs-backend-wasm"),
    load("{ kdLoss }", "kd-cmi"),
    load("{ featureExtractor }", "kd-cmi/layers"),
    load("{ registerTrainingKernels }", "kd-cmi/wasm"),
    load("{ registerGradientKernels, registerLossKernels }", "kd-cmi/webgpu"),
  ];
  const start = `tf.setBackend("cpu");`;
  const path = write(full, file, [...imports, start, use].join("\n"));
  expect(JSON.parse(await run(full, process.execPath, path))).toEqual(used);
});

const typed = `
  import * as tf from "@tensorflow/tfjs-core";
  import { sequential } from "@tensorflow/tfjs-layers";
  import { CmiEstimator, type CmiReport, kdLoss, type KdOptions, mcmiLoss } from "kd-cmi";
  import { compiledMcmiLoss, featureExtractor } from "kd-cmi/layers";
  import { registerTrainingKernels } from "kd-cmi/wasm";
  import { registerGradientKernels, registerLossKernels } from "kd-cmi/webgpu";

  const logits = tf.tensor2d([[1, 2]]);
  const options: KdOptions = { temperature: 4, reduction: tf.Reduction.NONE };
  export const samples = kdLoss(logits, logits, options);
  export const loss: tf.Scalar = mcmiLoss(tf.tensor1d([0], "int32"), logits, tf.eye(2), { lambda: 0.2 });
  export const report: Promise<CmiReport> = new CmiEstimator().result();
  export const compiled: (y: tf.Tensor, z: tf.Tensor) => tf.Tensor = compiledMcmiLoss(tf.eye(2), { lambda: 0 });
  export const extractor = featureExtractor(sequential(), ["a"]);
  export const register: (() => void)[] = [
    registerTrainingKernels, registerLossKernels, registerGradientKernels,
  ];
  // @ts-expect-error: lambda has no default
  mcmiLoss(logits, logits, logits, {});
  // @ts-expect-error: unknown option
  kdLoss(logits, logits, { temprature: 4 });
`;

const contentsOf = (file: string) =>
  file.startsWith("readme") ? readmeExamples()[Number(/\d/.exec(file)![0])]! : typed;

test.each([
  ["Node16", "Node16", ["main.mts", "main.cts"]],
  ["Bundler", "ESNext", ["main.ts", "readme-0.ts", "readme-1.ts"]],
] as const)("has types under moduleResolution %s", (resolution, module, files) => {
  const paths = files.map((file) => write(join(full, resolution), file, contentsOf(file)));
  const options = {
    module: ts.ModuleKind[module],
    moduleResolution: ts.ModuleResolutionKind[resolution],
  };
  expect(typeErrors(paths, options)).toEqual([]);
});

/** Bundles code of the lean project with the browser entry points. */
async function bundle(code: string): Promise<{ text: string; metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: lean },
    bundle: true,
    format: "cjs",
    platform: "node",
    mainFields: ["module", "main"],
    metafile: true,
    write: false,
  });
  return { text: outputFiles[0]!.text, metafile };
}

// What a page downloads of this library, for one loss and for everything.
test.each([
  ["mcmiLoss", "export { mcmiLoss } from 'kd-cmi'", 3.1 * 1024],
  ["kd-cmi", "export * from 'kd-cmi'", 24.6 * 1024],
])("%s is small: minified and compressed, without tfjs", async (_, contents, limit) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: lean },
    bundle: true,
    minify: true,
    format: "esm",
    external: ["@tensorflow/*"],
    write: false,
  });
  expect(gzipSync(outputFiles[0]!.contents, { level: 9 }).length).toBeLessThanOrEqual(limit);
});

test("every public function has its gradient in a bundle with tfjs-core and one backend", async () => {
  const { text, metafile } = await bundle(gradientsProgram);
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.some((path) => path.includes("kd-cmi/dist"))).toBe(true);
  expect(inputs.filter((path) => /tfjs-layers|register_all_gradients/.test(path))).toEqual([]);

  const path = write(lean, "gradients.cjs", text);
  const printed = JSON.parse(await run(lean, process.execPath, path)) as {
    errors: [string, number][];
    exported: string[];
    moved: number;
    registered: string[];
  };
  expect(printed.registered).toEqual([]);
  expect(printed.errors.filter(([, error]) => !(error < 0.01))).toEqual([]);
  expect(printed.moved).toBeCloseTo(0.1, 4);
  // A new export belongs in one of the two lists.
  const differentiated = printed.errors.map(([name]) => name.split(",")[0]!);
  const known = new Set([...differentiated, ...WITHOUT_GRADIENT]);
  expect([...known].sort()).toEqual(printed.exported.sort());
});

test("a bundler drops unused losses", async () => {
  const code = (name: string) => `export { ${name} } from "kd-cmi";`;
  const names = ["kdLoss", "dkdLoss", "distLoss", "mcmiLoss", "CmiEstimator"];
  for (const name of names) {
    const { text } = await bundle(code(name));
    const isIn = (other: string) => new RegExp(`function ${other}\\(|${other} = class`).test(text);
    const found = names.filter(isIn);
    expect(found).toEqual([name]);
  }
});

test("the README's student learns from its teacher", async () => {
  const code = readmeExamples()[0]!.replace(/: tf.Tensor|: number/g, ""); // its only types
  const path = write(full, "student.mjs", code);
  const printed = await run(full, process.execPath, path);
  const [losses, accuracies] = [...printed.matchAll(/\[([^\]]*)\]/g)].map(([, list]) =>
    list!.split(",").map(Number),
  );
  expect(losses!.at(-1)).toBeLessThan(0.7 * losses![0]!);
  expect(accuracies!.at(-1)).toBeGreaterThan(0.8);
});

test("the README's functions print plausible numbers", async () => {
  const path = write(lean, "readme.mjs", readmeExamples()[1]!);
  const printed = await run(lean, process.execPath, path);
  const numbers = Object.fromEntries(
    [...printed.matchAll(/(\w+): (-?[\d.e+-]+)/g)].map(([, name, value]) => [name, Number(value)]),
  );
  expect(Object.keys(numbers)).toEqual(["cmi", "teacherLoss", "studentLoss"]);
  expect(numbers.cmi).toBeGreaterThan(0);
  expect(numbers.cmi).toBeLessThan(Math.log(2));
  expect(numbers.studentLoss).toBeGreaterThan(0);
  expect(numbers.teacherLoss).toBeLessThan(1);
});

/** The README's programs: a student by the Distiller, and plain functions. */
function readmeExamples(): string[] {
  const examples = codeBlocks(readFileSync(join(root, "README.md"), "utf8"));
  expect(examples).toHaveLength(2);
  return examples;
}

/** Whether a link of a document leads to a file of the tarball, and to a heading if it names one. */
function leadsToFile(document: string, link: string): boolean {
  const [path, heading] = link.split("#");
  const target = path ? join(dirname(document), path) : document;
  if (!existsSync(join(unpacked, target))) return false;
  return !heading || headingsOf(read(target)).includes(heading);
}
