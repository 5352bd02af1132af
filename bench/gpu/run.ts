/**
 * Runs on a machine with a GPU, from the package that pack.ts makes: the tests with golden vectors, the
 * losses and the training steps, all on webgpu. Writes one JSON file.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // registers the gradients that the compositions need
import { Command, Option } from "commander";
import { registerGradientKernels, registerLossKernels } from "kd-cmi/webgpu";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import type { Comparisons } from "../losses/comparison.ts";
import { comparisons, comparisonsOfLogits } from "../losses/index.ts";
import { compareLoss } from "../losses.ts";
import { disposing, interleavedMedians } from "../measure.ts";
import { type NetworkName, networkNames } from "../networks.ts";
import { STEP_LOSSES, trainingStep } from "../training-step.ts";
import { type Card, findCard } from "./card.ts";
import type { GpuReport, TestCounts } from "./report.ts";

/** The size of the larger batches, with which a GPU is not idle between dispatches. */
const LARGE = 1024;
const SMALL = 64;
/** Networks whose steps on a large batch take milliseconds. Those of the others take seconds each. */
const SHALLOW: readonly NetworkName[] = ["mlp", "cnn"];
const STEP_EFFORT = { warmUp: 2, minimum: 5, seconds: 1 };

const command = new Command("run.sh")
  .argument("[file]", "where to write the results", "gpu.json")
  .option("--quick", "the smallest network and three losses, for a GPU emulated by the CPU", false)
  .option("--no-tests", "without the tests")
  .option("--no-losses", "without the losses")
  .addOption(
    new Option("--networks <names...>", "steps of these networks only").choices(networkNames),
  );
command.parse();
const { quick, tests, losses, networks } = command.opts<{
  quick: boolean;
  tests: boolean;
  losses: boolean;
  networks?: NetworkName[];
}>();
const file = command.args[0] ?? "gpu.json";

const start = performance.now();
await startNodeBackend("webgpu");
const card = await findCard();
console.log(`${card.name}, ${card.driver}`);
const report: GpuReport = {
  card,
  cpu: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
  node: process.version,
  date: new Date().toISOString().slice(0, 10),
  losses: [],
  steps: [],
  seconds: 0,
};
const save = () => {
  report.seconds = Math.round((performance.now() - start) / 1000);
  writeFileSync(file, `${JSON.stringify(report, undefined, 1)}\n`);
};

if (tests) {
  report.tests = runTests(card);
  save();
  const { passed, failed, skipped } = report.tests;
  console.log(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped`);
}
if (losses) await measureAllLosses("webgpu");
registerLossKernels();
if (losses) await measureAllLosses("webgpu with kd-cmi/webgpu");
await measureAllSteps(false);
registerGradientKernels();
await measureAllSteps(true);
console.log(`written: ${file}, ${report.seconds} s`);
if (report.tests && (report.tests.failed > 0 || report.tests.passed === 0)) process.exitCode = 1;

async function measureAllSteps(hasGradientKernels: boolean): Promise<void> {
  for (const batch of quick ? [SMALL] : [SMALL, LARGE]) {
    const measured = quick ? (["mlp"] as const) : (networks ?? networkNames);
    for (const network of measured.filter((name) => batch === SMALL || SHALLOW.includes(name))) {
      const ms = await measureSteps(network, batch);
      report.steps.push({ network, batch, hasGradientKernels, ms });
      console.log(JSON.stringify(report.steps.at(-1)));
      save();
    }
  }
}

async function measureAllLosses(setting: string): Promise<void> {
  await measureLosses(setting, SMALL, comparisons);
  if (!quick) await measureLosses(setting, LARGE, comparisonsOfLogits(LARGE));
}

async function measureLosses(setting: string, batch: number, losses: Comparisons): Promise<void> {
  for (const [loss, make] of Object.entries(losses).slice(0, quick ? 3 : undefined)) {
    const measured = await disposing(() => compareLoss(loss, make(), "wall", batch));
    report.losses.push({ setting, loss, batch, ...measured });
    const { ms, crossEntropyMs, dispatches } = measured;
    const ratio = (ms / crossEntropyMs).toFixed(2);
    console.log(
      `${setting}, ${loss}, ${batch}: ${ms.toFixed(2)} ms, ${ratio} of cross-entropy, ${dispatches} dispatches`,
    );
    save();
  }
}

/** Times in milliseconds of wall time, by loss. */
async function measureSteps(network: NetworkName, batch: number): Promise<Record<string, number>> {
  return disposing(async () => {
    const tasks = STEP_LOSSES.map(
      (loss) => [loss, trainingStep(network, loss, batch).step] as const,
    );
    const medians = await interleavedMedians(Object.fromEntries(tasks), STEP_EFFORT, "wall");
    tf.disposeVariables(); // weights and momenta, which a scope keeps
    return medians;
  });
}

/** Runs the library's tests in a process of their own. */
function runTests({ isSoftware }: Card): TestCounts {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const output = join(mkdtempSync(join(tmpdir(), "kd-cmi-")), "tests.json");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const config = join(root, "bench/gpu/vitest.config.ts");
  spawnSync(
    process.execPath,
    [vitest, "run", "--config", config, "--reporter=json", `--outputFile=${output}`],
    {
      cwd: root,
      env: { ...process.env, KD_CMI_SOFTWARE_GPU: isSoftware ? "1" : "0" },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const results = JSON.parse(readFileSync(output, "utf8"));
  const assertions: { status: string; fullName: string; failureMessages: string[] }[] =
    results.testResults.flatMap((one: { assertionResults: object[] }) => one.assertionResults);
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests,
    skipped: results.numPendingTests,
    failures: assertions
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]?.slice(0, 300)}`),
  };
}
