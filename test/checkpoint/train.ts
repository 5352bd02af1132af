/*
 * Trains with all state that a checkpoint covers, in a separate process that can be killed:
 *
 *   node train.mjs <checkpoint file>
 *
 * It resumes from the checkpoint, if there is one, and prints a line for each step.
 */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import {
  type ContrastBank,
  contrastNormalizer,
  crdLoss,
  createContrastBank,
  l2Normalize,
  mcmiLoss,
  sampleContrastIndices,
  updateCentroids,
  updateContrastBank,
} from "../../src/index.ts";
import {
  contrastProjection,
  cosineSchedule,
  encodeCheckpoint,
  featureExtractor,
  fileCheckpoint,
  restoreCheckpoint,
  setLearningRate,
} from "../../src/layers/index.ts";

const [SAMPLES, BATCH, STEPS, STEPS_TO_CHECKPOINT] = [64, 8, 60, 4];
const random = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);
const numbers = Array.from({ length: SAMPLES }, (_, i) => i);

const classifier = tfl.sequential({
  layers: [
    tfl.layers.dense({ name: "hidden", units: 6, inputShape: [4], activation: "tanh" }),
    tfl.layers.batchNormalization({}),
    tfl.layers.dense({ units: 3 }),
  ],
});
const features = featureExtractor(classifier, ["hidden"]);
const head = contrastProjection({ inputShape: [6], dim: 4 });
const models = { classifier, head };
for (const [i, weight] of [...classifier.weights, ...head.weights].entries()) {
  weight.write(tf.abs(random(weight.shape as number[], i + 1)));
}
const optimizer = tf.train.adam(1);
const schedule = cosineSchedule({ initial: 0.05, epochs: STEPS });
const centroids = tf.variable(tf.fill([3, 3], 1 / 3), false);
let bank: ContrastBank = createContrastBank({ size: SAMPLES, dim: 4, seed: 5 });
let losses: number[] = [];

const inputs = random([SAMPLES, 4], 100);
const teacher = l2Normalize(random([SAMPLES, 4], 200) as tf.Tensor2D) as tf.Tensor2D;
const labels = tf.tensor1d(
  numbers.map((i) => i % 3),
  "int32",
);

const store = fileCheckpoint(process.argv[2]!);
const saved = await store.read();
if (saved) {
  const state = { models, optimizer, tensors: { centroids } };
  const { tensors, values } = restoreCheckpoint(saved, state);
  const { ofTeacher, ofStudent, normalizer } = tensors as Record<string, tf.Tensor2D>;
  const [zTeacher, zStudent, logTeacher, logStudent] = tf.unstack(normalizer!) as tf.Scalar[];
  bank = { teacher: ofTeacher!, student: ofStudent! };
  bank.normalizer = { teacher: zTeacher!, student: zStudent!, logTeacher, logStudent };
  losses = values.losses as number[];
}

for (let step = losses.length; step < STEPS; step++) {
  const rows = rowsOf(step);
  const [x, y] = [tf.gather(inputs, rows), tf.gather(labels, rows)];
  const target = tf.gather(teacher, rows);
  const contrast = sampleContrastIndices(rows, { negatives: 5, size: SAMPLES, seed: step });
  const embed = () => head.apply(features.apply(x)) as tf.Tensor2D;
  const classify = (training: boolean) => classifier.apply(x, { training }) as tf.Tensor2D;
  bank.normalizer ??= contrastNormalizer(target, embed(), bank, contrast);
  setLearningRate(optimizer, schedule(step));
  const loss = optimizer.minimize(() => {
    const mcmi = mcmiLoss(y, classify(true), centroids, { lambda: 0.2 });
    return tf.add(mcmi, crdLoss(target, embed(), bank, contrast));
  }, true)!;
  centroids.assign(updateCentroids(centroids, y, classify(false), { decay: 0.9 }));
  bank = updateContrastBank(bank, target, embed(), rows);
  losses.push((await loss.data())[0]!);
  if ((step + 1) % STEPS_TO_CHECKPOINT === 0) {
    const z = bank.normalizer!;
    const normalizer = tf.stack([z.teacher, z.student, z.logTeacher!, z.logStudent!]);
    const { teacher: ofTeacher, student: ofStudent } = bank;
    const tensors = { centroids, ofTeacher, ofStudent, normalizer };
    const state = { models, optimizer, tensors, values: { losses } };
    await store.write(await encodeCheckpoint(state));
  }
  console.log(`step ${step}`);
}

/** The samples of a step. Each epoch covers all of them, in an order that depends on its number. */
function rowsOf(step: number): tf.Tensor1D {
  const epoch = Math.floor((step * BATCH) / SAMPLES);
  const keys = random([SAMPLES], 1000 + epoch).dataSync();
  const shuffled = [...numbers].sort((a, b) => keys[a]! - keys[b]!);
  const start = (step * BATCH) % SAMPLES;
  return tf.tensor1d(shuffled.slice(start, start + BATCH), "int32");
}
