import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { EpochLine } from "../bench/epochs.ts";
import type { GpuLossLine, GpuReport } from "../bench/gpu/report.ts";
import { type Origin, readLines } from "../bench/lines.ts";
import type { LossLine } from "../bench/losses.ts";
import type { Times } from "../bench/measure.ts";
import type { PeerLine } from "../bench/peers.ts";
import type { StepLine } from "../bench/steps.ts";

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
  const steps = latest<StepLine>("steps", ({ network, loss }) => `${network}/${loss}`);
  const peers = latest<PeerLine>("peers", ({ loss, against }) => `${loss}/${against}`);
  const settings = [...new Set(losses.map(({ setting }) => setting))];
  return `# Performance

Measured by \`npm run bench\`, which appends results to the files in \`docs/results/bench\` with \`--json\`.
\`npm run performance\` makes this page of them. Times are medians of CPU time, from interleaved runs in
one process, or in several that take turns. Compare the ratios and not the milliseconds, which depend on the machine. Kernels, dispatches
and memory are the same on every machine, but not in every version: those of the code as it stands are in
\`bench/footprints.json\`. webgpu runs on a software GPU. Other load on the machine changes
CPU time too, so differences below 20 % may be noise.

## Losses

Value and gradient, against the same formula in tfjs' operations with tfjs' gradients, and against
\`tf.losses.softmaxCrossEntropy\` of logits [64, 100]. A ratio below 1 means that this library is faster.

${settings.map((setting) => tableOf(setting, losses)).join("\n\n")}

${overStockText(losses)}

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
${stepsSection(steps)}${peersSection(peers)}${gpuSection()}`;
}

/** What the losses cost where the kernels speed up cross-entropy too. */
function overStockText(lines: readonly LossLine[]): string {
  const of = (setting: string, name: string) =>
    lines.find((line) => line.setting === setting && line.loss === name)!;
  const over = (name: string) =>
    ratio(of("wasm with kd-cmi/wasm", name).ms, of("wasm", name).crossEntropyMs);
  return `\`kd-cmi/wasm\` speeds up \`tf.losses.softmaxCrossEntropy\` too. Of its time without these kernels, \`mcmiLoss\` of
indices takes ${over("mcmiLoss of indices")} and \`kdLoss\` ${over("kdLoss")}. With so few logits, most of that is what tfjs needs to launch a kernel.`;
}

/** Tables that need PyTorch are there if someone who has it has run their bench. */
function stepsSection(lines: readonly (Origin & StepLine)[]): string {
  if (lines.length === 0) return "";
  const times = (line: StepLine, theirs: Times | undefined) =>
    theirs ? `${theirs.cpu.toFixed(1)} (${ratio(theirs.cpu, line.ours.cpu)})` : "–";
  const rows = lines.map((line) => [
    line.network,
    line.loss,
    line.ours.cpu.toFixed(1),
    times(line, line.withoutModule),
    times(line, line.stock),
    times(line, line.pytorch?.tuned),
    times(line, line.pytorch?.untuned),
  ]);
  const head = [
    "Network",
    "Loss",
    "ms",
    "Without module",
    "Stock wasm",
    "PyTorch, tuned",
    "PyTorch as it comes",
  ];
  const versions = new Set(lines.flatMap(({ pytorch }) => pytorch?.version ?? []));
  return `
## Training steps

A step of SGD with momentum on wasm with \`kd-cmi/wasm\`, batches of 64. In parentheses: how many times
as long it takes without the SIMD module, with tfjs' own kernels, which can train the MLP only, and in
PyTorch${versions.size > 0 ? ` ${[...versions].join(", ")}` : ""} on one thread, tuned so that glibc keeps freed memory, and as it comes.

${originOf(lines)}

${tableOfRows(head, rows, 2)}
${limitsText(lines)}`;
}

/**
 * GFLOP of a step: multiplications and additions for 64 images, in the forward pass and for the gradients of
 * weights and inputs. The first layer of the MLP needs none of its inputs.
 */
const GFLOP = {
  resnet8x4: (2 * 64 * 3 * 177.07e6) / 1e9,
  mlp: (2 * 64 * (2 * 784 * 512 + 3 * (512 * 256 + 256 * 10))) / 1e9,
};

/** What keeps the steps from being faster. */
function limitsText(lines: readonly StepLine[]): string {
  const of = (name: string) => lines.find(({ network, loss }) => network === name && loss === "CE");
  const [resnet, mlp] = [of("resnet8x4"), of("mlp")];
  if (!resnet || !mlp) return "";
  const rate = (gflop: number, { ours }: StepLine) => (gflop / (ours.cpu / 1000)).toFixed(0);
  return `
A step of resnet8x4 has ${GFLOP.resnet8x4.toFixed(0)} GFLOP, which makes ${rate(GFLOP.resnet8x4, resnet)} GFLOP/s. XNNPACK, which tfjs uses on wasm,
multiplies large matrices at 25 to 45. WebAssembly has vectors of 128 bits, PyTorch uses up to 512. A step
of mlp has ${GFLOP.mlp.toFixed(2)} GFLOP in products of 64 rows, which take ${((1000 * GFLOP.mlp) / 28).toFixed(1)} ms at the 28 GFLOP/s that XNNPACK
reaches with so few. The rest updates 535,000 weights and launches 110 kernels.
`;
}

function peersSection(lines: readonly (Origin & PeerLine)[]): string {
  const measured = lines.filter(({ theirs }) => theirs);
  if (measured.length === 0) return "";
  const rows = measured.map(({ loss, ours, against, theirs }) => [
    loss,
    against,
    ours.cpu.toFixed(1),
    theirs!.cpu.toFixed(1),
    ratio(theirs!.cpu, ours.cpu),
  ]);
  return `
## Losses in PyTorch

Value and gradient on wasm with \`kd-cmi/wasm\` against the usual implementation in PyTorch, on one thread
and with a glibc that keeps freed memory, and against gathering in tfjs.

${originOf(measured)}

${tableOfRows(["Loss", "Against", "ms", "Its ms", "Times faster"], rows, 2)}
`;
}

/** What `bench/gpu` measured, a section a card. */
function gpuSection(): string {
  const folder = path("results/bench/gpu");
  const reports = readdirSync(folder).map(
    (file): GpuReport => JSON.parse(readFileSync(`${folder}/${file}`, "utf8")),
  );
  return `
## On GPUs

Measured by the package that \`npm run bench:gpu\` makes, on webgpu in Node, in wall time. Ratios over
\`tf.losses.softmaxCrossEntropy\` of logits [batch, 100]; a dash means that it was not measured.
${reports.map(gpuTables).join("\n")}`;
}

function gpuTables({ card, cpu, date, node, tests, losses, steps }: GpuReport): string {
  const find = (loss: string, setting: string, batch: number) =>
    losses.find((line) => line.loss === loss && line.setting === setting && line.batch === batch);
  const over = (line: GpuLossLine | undefined) =>
    line ? ratio(line.ms, line.crossEntropyMs) : "–";
  const [stock, ours] = ["webgpu", "webgpu with kd-cmi/webgpu"];
  const names = [...new Set(losses.map(({ loss }) => loss))];
  const rows = names.map((loss) => [
    withCode(loss),
    over(find(loss, stock, 64)),
    over(find(loss, ours, 64)),
    over(find(loss, ours, 1024)),
    `${find(loss, stock, 64)?.dispatches ?? "–"} / ${find(loss, ours, 64)?.dispatches ?? "–"}`,
  ]);
  const head = [
    "Loss",
    "Without kernels, 64",
    "With kernels, 64",
    "With kernels, 1024",
    "Dispatches",
  ];
  const stepRows = steps.map(({ network, batch, hasGradientKernels, ms }) => [
    network,
    `${batch}`,
    hasGradientKernels ? "yes" : "no",
    ...Object.values(ms).map((time) => time.toFixed(1)),
  ]);
  const counted = tests
    ? `${tests.passed} tests of the library passed on it, ${tests.failed} failed.`
    : "The tests were not run.";
  return `
### ${card.name}

${card.driver}; ${cpu}, Node ${node}, ${date}. ${counted}

${tableOfRows(head, rows, 1)}

Training steps with \`registerLossKernels\`, with and without \`registerGradientKernels\`, ms. Without it,
a step of resnet20 takes 1,474 dispatches and sends 215 tensors from the CPU, scalars and \`tf.ones\`, each
through a new buffer; with it, 1,074 and 65.

${tableOfRows(["Network", "Batch", "Gradient kernels", ...Object.keys(steps[0]?.ms ?? {})], stepRows, 1)}
`;
}

/** The name of a loss, which other words may follow, as code. */
const withCode = (loss: string): string => loss.replace(/^\w+/, "`$&`");

/** A Markdown table whose first columns are words, and the others numbers. */
function tableOfRows(head: readonly string[], rows: readonly string[][], words: number): string {
  const table = [head, head.map((_, i) => (i < words ? "---" : "--:")), ...rows];
  return table.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

type LossLines = readonly (Origin & LossLine)[];

function tableOf(setting: string, losses: LossLines): string {
  const lines = losses.filter((line) => line.setting === setting);
  const hasDispatches = lines.some(({ dispatches }) => dispatches !== undefined);
  const rows = lines.map((line) => [
    withCode(line.loss),
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
  const text = tableOfRows(head, rows, 2);
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
