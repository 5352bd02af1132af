import * as tf from "@tensorflow/tfjs-core";
import { dkdLoss } from "kd-cmi";
import { distillationStep, weightedSum } from "kd-cmi/layers";
import { toInputs, toLabels } from "../../experiments/data/images.ts";
import { batches, range, shuffled } from "../../experiments/data/order.ts";
import { studentNetwork } from "../losses/networks.ts";
import {
  compare,
  crossEntropy,
  LEARNING_RATE,
  type Setup,
  trainTeacher,
} from "../losses/training.ts";

export const title = "a student by a training loop of one's own, five lines long (DKD)";

export async function run(setup: Setup) {
  const { studentImages, epochs, log } = setup;
  const student = studentNetwork();
  const step = distillationStep({
    teacher: await trainTeacher(setup),
    student,
    optimizer: tf.train.adam(LEARNING_RATE),
    loss: ({ labels, teacherLogits, studentLogits }) =>
      weightedSum({
        dkd: [1, dkdLoss(labels, teacherLogits, studentLogits, { beta: 2, temperature: 4 })],
        crossEntropy: [1, crossEntropy(labels as tf.Tensor1D, studentLogits)],
      }),
  });

  const losses: number[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (const places of batches(shuffled(range(studentImages.labels.length), `${epoch}`), 64)) {
      const { loss } = tf.tidy(() =>
        step(toInputs(studentImages, places), toLabels(studentImages, places)),
      );
      losses.push((await loss!.data())[0]!);
      loss!.dispose();
    }
    if (epoch === 1 || epoch === epochs) log(`  epoch ${epoch}: loss ${losses.at(-1)!.toFixed(4)}`);
  }
  await compare(student, losses, setup);
}
