import * as tf from "@tensorflow/tfjs-core";
import { dkdLoss } from "kd-cmi";
import { distillationStep, weightedSum } from "kd-cmi/layers";
import { studentNetwork } from "../losses/networks.ts";
import * as training from "../losses/training.ts";

export const title = "a student by a custom training loop (DKD)";

export async function run(setup: training.Setup) {
  const { studentImages, epochs, log } = setup;
  const student = studentNetwork();
  const step = distillationStep({
    teacher: await training.trainTeacher(setup),
    student,
    optimizer: tf.train.adam(training.LEARNING_RATE),
    loss: ({ labels, teacherLogits, studentLogits }) =>
      weightedSum({
        dkd: [1, dkdLoss(labels, teacherLogits, studentLogits, { beta: 2, temperature: 4 })],
        crossEntropy: [1, training.crossEntropy(labels as tf.Tensor1D, studentLogits)],
      }),
  });

  const losses: number[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    for (const { inputs, labels, indices } of training.batchesOf(studentImages, `${epoch}`)) {
      const { loss } = step(inputs, labels);
      losses.push((await loss.data())[0]!);
      tf.dispose([loss, inputs, labels, indices]);
    }
    if (epoch === 1 || epoch === epochs) log(`  epoch ${epoch}: loss ${losses.at(-1)!.toFixed(4)}`);
  }
  await training.compare(student, losses, setup);
}
