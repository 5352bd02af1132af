/**
 * Writes public/teacher: a teacher trained with cross-entropy, in 8 bits. `npm run playground:teacher` runs
 * it, in about a minute. Its output is committed: it takes training, and the figures that visitors see do
 * not depend on the rounding of the machine that builds the site.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { loadMnist } from "../../experiments/data/load.ts";
import { models } from "../../experiments/models/index.ts";
import { fitTeacher } from "../../experiments/pipeline/fit-teacher.ts";
import { estimate } from "../../experiments/pipeline/training.ts";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import { TEACHER, TEACHER_SCHEDULE, teacherOrder } from "../recipe.ts";
import { quantized } from "./quantized-weights.ts";
import { SEED, teacherImages } from "./shipped.ts";

await startNodeBackend("wasm");
registerTrainingKernels();

const { train: images, test } = teacherImages(loadMnist());
const model = models[TEACHER]({ inputShape: images.shape, numClasses: 10, seed: SEED });
const training = { model, images, schedule: TEACHER_SCHEDULE, order: teacherOrder(SEED) };
await fitTeacher(training, { regularizer: {} }, (epoch) => {
  console.error(`epoch ${epoch} of ${TEACHER_SCHEDULE.epochs}`);
});
const { accuracy } = await estimate(model, test);
console.error(`accuracy on the shipped test images, before rounding: ${accuracy}`);

const weights = model.weights.map((weight) => {
  const values = weight.read();
  return quantized(weight.originalName, values.shape, values.dataSync());
});
await model.save(
  tf.io.withSaveHandler(async ({ modelTopology }) => {
    const folder = new URL("../public/teacher/", import.meta.url);
    mkdirSync(folder, { recursive: true });
    const weightsManifest = [
      { paths: ["weights.bin"], weights: weights.map(({ entry }) => entry) },
    ];
    const json = JSON.stringify({ format: "layers-model", modelTopology, weightsManifest });
    writeFileSync(fileURLToPath(new URL("model.json", folder)), `${json}\n`);
    const bytes = Buffer.concat(weights.map(({ bytes }) => bytes));
    writeFileSync(fileURLToPath(new URL("weights.bin", folder)), bytes);
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
  }),
);
