import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import { withPage } from "../../scripts/page.ts";
import { measurePrecision, type Precision } from "./precision.ts";

const SEED = 1;

/** A backend of the table, and the number of cases per function. */
interface Column {
  readonly name: string;
  readonly cases: number;
  readonly measure: (cases: number) => Promise<Precision[]>;
}

const inNode = (name: string, cases: number): Column => ({
  name,
  cases,
  measure: async () => {
    await startNodeBackend(name);
    return measurePrecision(cases, SEED);
  },
});

const onWebgl = (name: string, cases: number): Column => {
  const entry = fileURLToPath(new URL("precision-in-page.ts", import.meta.url));
  const call = `precisionOnWebgl(${cases}, ${SEED})`;
  return {
    name,
    cases,
    measure: () =>
      withPage({ entryPoints: [entry] }, {}, (page) => page.evaluate<Precision[]>(call)),
  };
};

/** Software GPUs compile the shaders of each shape slowly. */
const columns: readonly Column[] = [
  inNode("cpu", 400),
  inNode("wasm", 400),
  inNode("webgpu", 20),
  onWebgl("webgl", 20),
];

const measured: Precision[][] = [];
for (const { name, cases, measure } of columns) {
  console.log(`${name}: ${cases} cases per function`);
  measured.push(await measure(cases));
}

const cell = (error: number | undefined) => (error ? error.toExponential(0) : "0");
const headings = columns.flatMap(({ name }) => [`${name}, value`, `${name}, gradient`]);
const rows = measured[0]!.map(({ name }) => {
  const cells = measured.flatMap((column) => {
    const errors = column.find((precision) => precision.name === name);
    return [cell(errors?.value), cell(errors?.gradient)];
  });
  return `| \`${name}\` | ${cells.join(" | ")} |`;
});
const counts = columns.map(({ name, cases }) => `${cases} on ${name}`).join(", ");

writeFileSync(
  new URL("../../docs/precision.md", import.meta.url),
  `# Precision

The largest errors of values and gradients on random inputs of moderate size, against the formulas of
\`test/oracles\` in float64. \`npm run precision\` writes this table. The inputs are the ordinary ones of
\`npm run fuzz\`, from a fixed seed: ${counts}. Inputs at the edges (sizes from 1e-20 to 1e15, ties, zeros,
NaN and ±∞, masked classes, weights) are tested by \`npm run fuzz\`, which also bounds their errors.

- The error of a value is relative to the largest entry of the value, and that of a gradient to the
  largest entry of the gradient. Cases in which the terms of the formula cancel to less than a
  thousandth are left out.
- webgpu runs in Node (Dawn) and webgl in Chromium, both on SwiftShader, which emulates a GPU. The errors
  of other GPUs differ, since WebGL and WebGPU leave the precision of exponentials, logarithms and
  divisions to the driver.
- \`updateCentroids\` has no gradient.

| Function | ${headings.join(" | ")} |
| --- |${" ---: |".repeat(headings.length)}
${rows.join("\n")}
`,
);
