/** Entry of `npm run examples`. */
import * as tf from "@tensorflow/tfjs-core";
import { Argument, Command } from "commander";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { backendOption, parseOrExit, positive } from "../experiments/common/flags.ts";
import { toInputs, toLabels } from "../experiments/data/images.ts";
import { loadMnist } from "../experiments/data/load.ts";
import { range, shuffled } from "../experiments/data/order.ts";
import { installChromium } from "../scripts/chromium.ts";
import { startNodeBackend } from "../scripts/node-backends.ts";
import type { Setup } from "./losses/training.ts";
import { programs } from "./programs.ts";

interface Flags {
  backend: string;
  images: number;
  epochs: number;
}

const command = new Command("npm run examples --")
  .description(
    "Short programs on a slice of MNIST: a small network distilled with a loss of each family, and ways to train.",
  )
  .addArgument(new Argument("[names...]", "all by default").choices(Object.keys(programs)))
  .addOption(backendOption())
  .option("--images <n>", "images of the student; the teacher has ten times as many", positive, 500)
  .option("--epochs <n>", "epochs of the student's training", positive, 40)
  .addHelpText(
    "after",
    ["", ...Object.entries(programs).map(([name, { title }]) => `  ${name}: ${title}`)].join("\n"),
  );
const { args } = parseOrExit(command, process.argv.slice(2));
const { backend, images, epochs } = command.opts<Flags>();

if (backend === "webgpu") installChromium();
await startNodeBackend(backend);
if (backend === "wasm") registerTrainingKernels(); // adds the gradients of convolutions
const { train, test } = loadMnist();
const tensorsOf = (part: typeof train, places: readonly number[]) => ({
  inputs: toInputs(part, places),
  labels: toLabels(part, places),
});
const places = shuffled(range(train.labels.length), "examples");
const testCount = Math.min(4 * images, test.labels.length);
const setup: Setup = {
  teacherImages: tensorsOf(train, places.slice(0, 10 * images)),
  studentImages: tensorsOf(train, places.slice(0, images)),
  testImages: tensorsOf(test, range(testCount)),
  epochs,
  log: console.log,
};
console.log(
  `MNIST on ${backend}: ${images} images for the student, ${10 * images} for the teacher, ${testCount} test images`,
);
const names = args.length > 0 ? args : Object.keys(programs);
for (const name of names as (keyof typeof programs)[]) {
  const { title, run } = programs[name];
  console.log(`\n${name}: ${title}`);
  await run(setup);
  tf.disposeVariables();
}
