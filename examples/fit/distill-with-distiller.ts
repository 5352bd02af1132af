// Distils logits and feature maps by Distiller.fit (KD, AT).
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { attentionTransferLoss, kdLoss } from "kd-cmi";
import { Distiller, weightedSum } from "kd-cmi/layers";

const CLASSES = 5;
// Each class has a pattern of eight by eight pixels. An image is the pattern of its class with noise.
const patterns = tf.randomNormal([CLASSES, 8, 8, 1], 0, 1, "float32", 1);
function samples(count: number, seed: number): [tf.Tensor, tf.Tensor] {
  const classes = Array.from({ length: count }, (_, i) => i % CLASSES);
  const labels = tf.tensor1d(classes, "int32");
  const noise = tf.randomNormal([count, 8, 8, 1], 0, 1.5, "float32", seed);
  return [tf.add(tf.gather(patterns, labels), noise), tf.oneHot(labels, CLASSES)];
}

function network(filters: number, seed: number) {
  const kernelInitializer = tfl.initializers.heNormal({ seed });
  const relu = { activation: "relu", kernelInitializer } as const;
  const kernel = { kernelSize: 3, strides: 2, padding: "same" } as const;
  const { conv2d, dense, flatten } = tfl.layers;
  const low = conv2d({ ...relu, ...kernel, filters, name: "low", inputShape: [8, 8, 1] });
  const high = conv2d({ ...relu, ...kernel, filters: 2 * filters, name: "high" });
  const logits = dense({ units: CLASSES, kernelInitializer, name: "logits" });
  return tfl.sequential({ layers: [low, high, flatten(), logits] });
}

const crossEntropy = tf.losses.softmaxCrossEntropy;
const [many, few, test] = [samples(400, 10), samples(80, 20), samples(400, 30)];
const teacher = network(8, 1);
teacher.compile({ optimizer: tf.train.adam(0.01), loss: crossEntropy });
await teacher.fit(...many, { epochs: 5, verbose: 0, shuffle: false });

const distiller = new Distiller({
  teacher,
  student: network(2, 2),
  teacherLayers: ["low", "high"],
  studentLayers: ["low", "high"],
  cacheTeacher: true, // the teacher runs in the first epoch only
  loss: ({ labels, teacherLogits, studentLogits, teacherFeatures, studentFeatures }) =>
    weightedSum({
      kd: [0.9, kdLoss(teacherLogits, studentLogits, { temperature: 4 })],
      attention: [10, attentionTransferLoss(teacherFeatures, studentFeatures)],
      labels: [0.1, crossEntropy(labels, studentLogits)],
    }),
});
distiller.compile({ optimizer: tf.train.adam(0.01), metrics: ["accuracy"] });
const callbacks = tfl.callbacks.earlyStopping({ monitor: "loss", patience: 5 });
const options = { epochs: 30, batchSize: 20, seed: 1, validationData: test, callbacks };
const { history } = await distiller.fit(...few, options);
for (const epoch of [0, history.loss!.length - 1]) {
  const [loss, kd, attention] = ["loss", "kd", "attention"].map((name) => history[name]![epoch]!);
  const terms = `kd ${kd!.toFixed(4)}, attention ${attention!.toFixed(6)}`;
  console.log(`  epoch ${epoch + 1}: loss ${loss!.toFixed(4)} (${terms})`);
}
console.log(`student: accuracy ${(100 * history.val_acc!.at(-1)!).toFixed(1)} %`);
