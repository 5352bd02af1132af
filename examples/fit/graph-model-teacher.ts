import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { kdLoss } from "kd-cmi";
import { Distiller } from "kd-cmi/layers";
import { studentNetwork } from "../losses/networks.ts";
import { LEARNING_RATE, type Setup, trainOnLabels } from "../losses/training.ts";
import { toGraphFile } from "./graph-file.ts";

export const title = "a student of a tf.GraphModel, such as one converted from Python";

export async function run({ teacherImages, studentImages, testImages, epochs, log }: Setup) {
  const { dense } = tfl.layers;
  const layers = [
    dense({ units: 128, activation: "relu", inputShape: [784] }),
    dense({ units: 10 }),
  ];
  const original = tfl.sequential({ layers });
  await trainOnLabels(original, teacherImages, 8);
  const teacher = await loadGraphModel(tf.io.fromMemory(await toGraphFile(original)));

  const distiller = new Distiller({
    teacher,
    student: studentNetwork(),
    loss: ({ teacherLogits, studentLogits }) => kdLoss(teacherLogits, studentLogits),
  });
  distiller.compile({ optimizer: tf.train.adam(LEARNING_RATE), metrics: ["accuracy"] });
  const { inputs, labels } = studentImages;
  const { history } = await distiller.fit(inputs, labels, { epochs, batchSize: 64, seed: 1 });
  for (const epoch of [0, epochs - 1]) {
    log(`  epoch ${epoch + 1}: loss ${history.loss![epoch]!.toFixed(4)}`);
  }
  const { acc } = await distiller.evaluate(testImages.inputs, testImages.labels);
  log(`  student: accuracy ${(100 * acc!).toFixed(1)} %`);
  teacher.dispose();
}
