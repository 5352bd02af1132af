import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { attentionTransferLoss, kdLoss } from "kd-cmi";
import { Distiller, weightedSum } from "kd-cmi/layers";
import { studentNetwork } from "../losses/networks.ts";
import { crossEntropy, LEARNING_RATE, type Setup, trainTeacher } from "../losses/training.ts";

export const title = "a student by Distiller.fit, with logits and attention (KD, AT)";

export async function run(setup: Setup) {
  const { studentImages, testImages, epochs, log } = setup;
  const layers = ["low", "high"];
  const distiller = new Distiller({
    teacher: await trainTeacher(setup),
    student: studentNetwork(),
    teacherLayers: layers,
    studentLayers: layers,
    cacheTeacher: true, // the teacher runs in the first epoch only
    loss: ({ labels, teacherLogits, studentLogits, teacherFeatures, studentFeatures }) =>
      weightedSum({
        kd: [0.9, kdLoss(teacherLogits, studentLogits, { temperature: 4 })],
        attention: [100, attentionTransferLoss(teacherFeatures, studentFeatures)],
        crossEntropy: [0.1, crossEntropy(labels as tf.Tensor1D, studentLogits)],
      }),
  });
  distiller.compile({ optimizer: tf.train.adam(LEARNING_RATE), metrics: ["accuracy"] });

  const { history } = await distiller.fit(studentImages.inputs, studentImages.labels, {
    epochs,
    batchSize: 64,
    seed: 1,
    validationData: [testImages.inputs, testImages.labels],
    callbacks: tfl.callbacks.earlyStopping({ monitor: "loss", patience: 5 }),
  });
  const report = (epoch: number) => {
    const [loss, kd, attention] = ["loss", "kd", "attention"].map((name) => history[name]![epoch]);
    const terms = `kd ${(kd as number).toFixed(4)}, attention ${(attention as number).toFixed(6)}`;
    log(`  epoch ${epoch + 1}: loss ${(loss as number).toFixed(4)} (${terms})`);
  };
  report(0);
  report(history.loss!.length - 1);
  log(`  student: accuracy ${(100 * history.val_acc!.at(-1)!).toFixed(1)} %`);
}
