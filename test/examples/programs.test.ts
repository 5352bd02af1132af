import { copyFileSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withPage } from "../../scripts/page.ts";
import { entryPoints } from "../../scripts/public-symbols.ts";
import { codeBlocks, remove, root, run, temporaryFolder } from "../package/support.ts";

const tsx = join(root, "node_modules/.bin/tsx");
const paths = ["losses", "fit"].flatMap((folder) =>
  readdirSync(join(root, "examples", folder)).map((file) => `${folder}/${file}`),
);
const nameOf = (path: string) => /(\w|-)+(?=\.ts)/.exec(path)![0];

/** A project that has installed the packages, where the programs are pasted. */
const project = temporaryFolder();

/** The output of each program. All of them run in one process on wasm. */
const printed = new Map<string, string>();

beforeAll(async () => {
  const mapped = Object.entries(entryPoints).map(([name, file]) => [name, [file]]);
  const compilerOptions = { paths: Object.fromEntries(mapped) };
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  for (const path of paths) {
    copyFileSync(join(root, "examples", path), join(project, `${nameOf(path)}.ts`));
  }
  const main = `
    import "@tensorflow/tfjs-backend-wasm";
    import * as tf from "@tensorflow/tfjs-core";
    import { registerTrainingKernels } from "kd-cmi/wasm";

    await tf.setBackend("wasm");
    registerTrainingKernels();
    for (const name of ${JSON.stringify(paths.map(nameOf))}) {
      console.log("program", name);
      await import(\`./\${name}.ts\`);
    }
  `;
  writeFileSync(join(project, "main.ts"), main);
  const all = await run(project, tsx, "main.ts");
  for (const part of all.split(/^program /m).slice(1)) printed.set(part.split("\n")[0]!, part);
});

afterAll(() => remove(project));

/** The losses that a program printed, and the accuracies of its students in percent. */
function figuresOf(text: string) {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, figure]) => Number(figure));
  return { losses: all(/loss (\d+\.\d+)/g), accuracies: all(/accuracy (\S+) %/g) };
}

test.each(paths)("%s is one short file that imports public packages only", (path) => {
  const text = readFileSync(join(root, "examples", path), "utf8");
  expect(text).toMatch(/^\/\/ [A-Z].*\.\n/);
  expect(text.split("\n").length).toBeLessThanOrEqual(62);
  const specifiers = [...text.matchAll(/\b(?:from|import|require)\b[\s(]*["'`]([^"'`]*)/g)];
  expect(specifiers.length).toBeGreaterThan(3);
  for (const [, specifier] of specifiers) {
    expect(specifier).toMatch(
      /^(kd-cmi(\/layers|\/wasm|\/webgpu)?|@tensorflow\/tfjs-[a-z-]+|node:fs)$/,
    );
  }
  expect(text).not.toMatch(/import\.meta|["'`]\.\.?\//);
});

test("the README lists each program once", () => {
  const readme = readFileSync(join(root, "examples/README.md"), "utf8");
  const linked = [...readme.matchAll(/\]\(((?:losses|fit)\/[^)]*)\)/g)].map(([, path]) => path!);
  expect(linked.sort()).toEqual([...paths].sort());
});

test.each(["logits", "attention", "relations", "contrast", "vid", "review"])(
  "%s decreases its loss on wasm",
  (name) => {
    const { losses, accuracies } = figuresOf(printed.get(name)!);
    expect(losses).toHaveLength(6); // of a student of the labels, and of a distilled one
    expect(losses[2]).toBeLessThan(0.5 * losses[0]!);
    expect(losses[5]).toBeLessThan(0.6 * losses[3]!);
    expect(accuracies).toHaveLength(2);
    for (const accuracy of accuracies) expect(accuracy).toBeGreaterThan(50); // chance is 20
  },
);

test.each(["distill-with-distiller", "custom-loop", "graph-model-teacher"])(
  "%s decreases its loss on wasm",
  (name) => {
    const text = printed.get(name)!;
    const { losses } = figuresOf(text);
    expect(losses[1]).toBeLessThan(0.5 * losses[0]!);
    expect(Number(/^student: .* (\S+) %/m.exec(text)![1])).toBeGreaterThan(60);
  },
);

test("fit-mcmi-teacher reaches a higher CMI than cross-entropy alone", () => {
  const [first, control, mcmi] = printed
    .get("fit-mcmi-teacher")!
    .split(/^λ = .*$/m)
    .slice(1);
  const last = (text: string) => Number([...text.matchAll(/CMI (\S+) nats/g)].at(-1)![1]);
  expect(last(mcmi!)).toBeGreaterThan(1.02 * last(control!));
  expect(first).toMatch(/epoch 1: loss \d+\.\d+, accuracy \d+\.\d %/);
});

test("clusters tightens the outputs by CMIC and widens them by MCMI", () => {
  const figure = (name: string, column: string) =>
    Number(new RegExp(`^${name}: .*${column} ([\\d.]+)`, "m").exec(printed.get("clusters")!)![1]);
  const cmi = ["cmic", "crossEntropy", "mcmi"].map((name) => figure(name, "CMI"));
  expect(cmi[0]).toBeLessThan(0.9 * cmi[1]!);
  expect(cmi[2]).toBeGreaterThan(1.05 * cmi[1]!);
  for (const name of ["cmic", "crossEntropy", "mcmi"]) {
    expect(figure(name, "accuracy")).toBeGreaterThan(0.85);
  }
  const picture = readFileSync(join(project, "clusters.svg"), "utf8");
  expect(picture.match(/<circle/g)).toHaveLength(900);
});

test("multi-label distils independent labels from few samples", () => {
  const figures = [
    ...printed.get("multi-label")!.matchAll(/: ([\d.]+) % .* divergence ([\d.]+)/g),
  ].map(([, ...x]) => x.map(Number));
  const [[alone, far], [distilled, near]] = figures as [[number, number], [number, number]];
  expect(distilled).toBeGreaterThan(alone + 2);
  expect(near).toBeLessThan(far / 2);
});

test("segmentation distils the labelled pixels", () => {
  const text = printed.get("segmentation")!;
  const losses = /kd: (.*)/.exec(text)![1]!.split(", ").map(Number);
  expect(losses.at(-1)).toBeLessThan(0.6 * losses[0]!);
  expect(Number(/student: ([\d.]+) %/.exec(text)![1])).toBeGreaterThan(65);
});

test("async-teacher distils the mean of a remote teacher and a local one", () => {
  const text = printed.get("async-teacher")!;
  for (const name of ["loss", "val_loss"]) {
    const [, first, last] = new RegExp(`^${name}: ([\\d.]+), ([\\d.]+) nats`, "m").exec(text)!;
    expect(Number(last)).toBeLessThan(0.2 * Number(first));
  }
});

test("stored-teacher distils logits that Python wrote, or a teacher of its own", async () => {
  const file = join(root, "examples/data/teacher.safetensors");
  // This run has no other entry: the program selects the backend that it imports.
  const python = await run(project, tsx, "stored-teacher.ts", file);
  for (const text of [python, printed.get("stored-teacher")!]) {
    expect(text).toContain("teacher: logits [400,3]");
    const losses = /divergence: (.*) nats/.exec(text)![1]!.split(", ").map(Number);
    expect(losses.at(-1)).toBeLessThan(0.1 * losses[0]!);
    expect(Number(/at ([\d.]+) %/.exec(text)![1])).toBeGreaterThan(95);
  }
  expect(python).not.toEqual(printed.get("stored-teacher"));
});

const runExamples = (...args: string[]) => run(root, tsx, "examples/main.ts", ...args);

for (const [backend, options] of [
  ["cpu", {}],
  ["webgpu", { tags: "broad" }],
] as const) {
  test(`npm run examples runs a program on ${backend}`, options, async () => {
    const text = await runExamples("custom-loop", "--backend", backend);
    expect(text).toMatch(/^custom-loop: Distils .*\.$/m);
    const { losses } = figuresOf(text);
    expect(losses[1]).toBeLessThan(0.5 * losses[0]!);
  });
}

test("npm run examples rejects unknown names and backends, naming the allowed ones", async () => {
  await expect(runExamples("nope")).rejects.toThrow("Allowed choices are attention, clusters");
  await expect(runExamples("--backend", "no")).rejects.toThrow("Allowed choices are wasm, cpu");
});

test("the page in the README trains on webgl", async () => {
  const readme = readFileSync(join(root, "examples/README.md"), "utf8");
  const [contents, ...others] = codeBlocks(readme);
  expect(others).toEqual([]);
  const stdin = { contents: contents!, resolveDir: join(root, "examples"), loader: "ts" } as const;
  const text = await withPage({ stdin }, {}, async (page) => {
    await page.getByText("student: accuracy").waitFor();
    return (await page.locator("body").textContent())!;
  });
  const { losses } = figuresOf(text);
  expect(text).toContain("backend: webgl");
  expect(losses[1]).toBeLessThan(0.5 * losses[0]!);
});
