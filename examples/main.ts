import * as tf from "@tensorflow/tfjs-core";
import { Argument, Command, Option } from "commander";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { positive } from "../experiments/common/flags.ts";
import { pick } from "../experiments/data/images.ts";
import { loadMnist } from "../experiments/data/load.ts";
import { range, shuffled } from "../experiments/data/order.ts";
import { installChromium } from "../scripts/chromium.ts";
import { startNodeBackend } from "../scripts/node-backends.ts";
import type { Setup } from "./losses/training.ts";
import { programs } from "./programs.ts";

const command = new Command("npm run examples --")
  .description(
    "Short programs on a slice of MNIST: a small network distilled by a loss of each family, and the ways to train.",
  )
  .addArgument(new Argument("[names...]", "all by default").choices(Object.keys(programs)))
  .addOption(
    new Option("--backend <name>", "where to compute")
      .choices(["wasm", "cpu", "webgpu"])
      .default("wasm"),
  )
  .option(
    "--images <n>",
    "that the student learns from; the teacher has ten times as many",
    positive,
    500,
  )
  .option("--epochs <n>", "of the student's training", positive, 40)
  .addHelpText(
    "after",
    ["", ...Object.entries(programs).map(([name, { title }]) => `  ${name}: ${title}`)].join("\n"),
  )
  .showHelpAfterError()
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
command.parse();
const { backend, images, epochs } = command.opts<{
  backend: string;
  images: number;
  epochs: number;
}>();

if (backend === "webgpu") installChromium();
await startNodeBackend(backend);
if (backend === "wasm") registerTrainingKernels(); // without it convolutions have no gradient on wasm
const { train, test } = loadMnist();
const testImages = pick(test, range(Math.min(4 * images, test.labels.length)));
const places = shuffled(range(train.labels.length), "examples");
const setup: Setup = {
  teacherImages: pick(train, places.slice(0, 10 * images)),
  studentImages: pick(train, places.slice(0, images)),
  testImages,
  epochs,
  log: console.log,
};
console.log(
  `MNIST on ${backend}: ${images} images for the student, ${10 * images} for its teacher, ${testImages.labels.length} test images`,
);
const names = command.args.length > 0 ? command.args : Object.keys(programs);
for (const name of names as (keyof typeof programs)[]) {
  const { title, run } = programs[name];
  console.log(`\n${name}: ${title}`);
  await run(setup);
  tf.disposeVariables();
}
