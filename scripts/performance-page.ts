import { fileURLToPath } from "node:url";
import type { EpochLine } from "../bench/epochs.ts";
import { type Origin, readLines } from "../bench/lines.ts";
import type { LossLine } from "../bench/losses.ts";

const path = (name: string) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));

/** The last line for each key. Later measurements replace earlier ones. */
function latest<Line>(bench: string, keyOf: (line: Line) => string): (Origin & Line)[] {
  const lines = readLines<Line>(path(`results/bench/${bench}.jsonl`));
  return [...new Map(lines.map((line) => [keyOf(line), line])).values()];
}

/** The contents of docs/performance.md, from the lines that benches appended to docs/results/bench. */
export function performancePage(): string {
  const losses = latest<LossLine>("losses", ({ setting, loss }) => `${setting}/${loss}`);
  const epochs = latest<EpochLine>("epochs", ({ network, strategy }) => `${network}/${strategy}`);
  const settings = [...new Set(losses.map(({ setting }) => setting))];
  return `# Performance

Measured by \`npm run bench\`, which appends results to the files in \`docs/results/bench\` with \`--json\`.
\`npm run performance\` makes this page of them. Times are medians of CPU time, from interleaved runs in
one process. Compare the ratios and not the milliseconds, which depend on the machine. Kernels, dispatches
and memory are the same on every machine, but not in every version: those of the code as it stands are in
\`bench/footprints.json\`. webgpu runs on a software GPU. Other load on the machine changes
CPU time too, so differences below 20 % may be noise.

## Losses

Value and gradient, against the same formula in tfjs' operations with tfjs' gradients, and against
\`tf.losses.softmaxCrossEntropy\` of logits [64, 100]. A ratio below 1 means that this library is faster.

${settings.map((setting) => tableOf(setting, losses)).join("\n\n")}

## Centroids

An epoch of MCMI fine-tuning with \`CentroidCallback\` on wasm with \`kd-cmi/wasm\`, against an epoch of
cross-entropy. That of \`fixed\` is one after its only pass.

${originOf(epochs)}

| Network | Strategy | MCMI ms | CE ms | Ratio |
| --- | --- | --: | --: | --: |
${epochs
  .map(
    ({ network, strategy, ms, crossEntropyMs }) =>
      `| ${network} | \`${strategy}\` | ${ms.toFixed(0)} | ${crossEntropyMs.toFixed(0)} | ${ratio(ms, crossEntropyMs)} |`,
  )
  .join("\n")}
`;
}

type LossLines = readonly (Origin & LossLine)[];

function tableOf(setting: string, losses: LossLines): string {
  const lines = losses.filter((line) => line.setting === setting);
  const hasDispatches = lines.some(({ dispatches }) => dispatches !== undefined);
  const rows = lines.map((line) => [
    `\`${line.loss.split(" ")[0]}\`${line.loss.replace(/^\S+/, "")}`,
    line.student,
    line.ms.toFixed(1),
    ratio(line.ms, line.compositionMs),
    ratio(line.ms, line.crossEntropyMs),
    `${line.kernels} / ${line.compositionKernels}`,
    ...(hasDispatches ? [`${line.dispatches ?? "–"}`] : []),
    `${kib(line.peakBytes)} / ${kib(line.compositionPeakBytes)}`,
  ]);
  const head = [
    "Loss",
    "Student",
    "ms",
    "Of composition",
    "Of cross-entropy",
    "Kernels",
    ...(hasDispatches ? ["Dispatches"] : []),
    "Peak KiB",
  ];
  const table = [head, head.map((_, i) => (i < 2 ? "---" : "--:")), ...rows];
  const text = table.map((row) => `| ${row.join(" | ")} |`).join("\n");
  return `### ${setting}\n\n${originOf(lines)} Pairs are ours / composed.\n\n${text}`;
}

/** Where and when lines were measured. */
function originOf(lines: readonly Origin[]): string {
  const origins = lines.map(({ machine, node, date }) => `${machine}, Node ${node}, ${date}`);
  return `${[...new Set(origins)].join("; ")}.`;
}

function ratio(a: number, b: number): string {
  return (a / b).toFixed(2);
}

function kib(bytes: number): string {
  return (bytes / 1024).toFixed(0);
}
