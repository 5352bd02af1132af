// Distils with memory banks that have a row for each sample of the training set (CRD).
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { ContrastMemory } from "kd-cmi";
import { contrastProjection, featureExtractor } from "kd-cmi/layers";

const CLASSES = 5;
// Each class has a pattern of eight by eight pixels. An image is the pattern of its class with noise.
const patterns = tf.randomNormal([CLASSES, 8, 8, 1], 0, 1, "float32", 1);
function samples(count: number, seed: number) {
  const classes = Array.from({ length: count }, (_, i) => i % CLASSES);
  const labels = tf.tensor1d(classes, "int32");
  const noise = tf.randomNormal([count, 8, 8, 1], 0, 1.5, "float32", seed);
  return { inputs: tf.add(tf.gather(patterns, labels), noise), labels: tf.oneHot(labels, CLASSES) };
}

function network(filters: number, seed: number) {
  const kernelInitializer = tfl.initializers.heNormal({ seed });
  const relu = { activation: "relu", kernelInitializer } as const;
  const { conv2d, dense, flatten } = tfl.layers;
  const maps = conv2d({ ...relu, filters, kernelSize: 3, strides: 2, inputShape: [8, 8, 1] });
  const features = dense({ ...relu, units: 4 * filters, name: "features" });
  const logits = dense({ units: CLASSES, kernelInitializer, name: "logits" });
  return tfl.sequential({ layers: [maps, flatten(), features, logits] });
}

const crossEntropy = tf.losses.softmaxCrossEntropy;
const [many, test] = [samples(400, 10), samples(400, 30)];
const { inputs, labels } = samples(80, 20);
const teacher = network(8, 1);
teacher.compile({ optimizer: tf.train.adam(0.01), loss: crossEntropy });
await teacher.fit(many.inputs, many.labels, { epochs: 5, verbose: 0, shuffle: false });
const teacherFeatures = featureExtractor(teacher, ["features"]).predict(inputs) as tf.Tensor;

// The first student is trained on labels only.
for (const weight of [0, 0.1]) {
  const student = network(2, 2);
  const outputs = featureExtractor(student, ["features", "logits"]);
  // Both projection heads are trained with the student. The teacher is not trained.
  const teacherHead = contrastProjection({ inputShape: [32], dim: 16, seed: 3 });
  const studentHead = contrastProjection({ inputShape: [8], dim: 16, seed: 4 });
  const memory = new ContrastMemory({ size: 80, dim: 16, negatives: 40, seed: 1 });
  const optimizer = tf.train.adam(0.01);
  for (let step = 0; step <= 80; step++) {
    const rows = tf.range(40 * (step % 2), 40 * (step % 2) + 40, 1, "int32"); // of a batch
    const loss = optimizer.minimize(() => {
      const [features, logits] = outputs.apply(tf.gather(inputs, rows)) as [tf.Tensor, tf.Tensor];
      const t = teacherHead.apply(tf.gather(teacherFeatures, rows)) as tf.Tensor2D;
      const contrast = memory.loss(t, studentHead.apply(features) as tf.Tensor2D, rows);
      return tf.add(tf.mul(contrast, weight), crossEntropy(tf.gather(labels, rows), logits));
    }, true)!;
    rows.dispose();
    if (step % 40 === 0) console.log(`  step ${step}: loss ${(await loss.data())[0]!.toFixed(4)}`);
    loss.dispose();
  }
  memory.dispose();
  const logits = student.predict(test.inputs) as tf.Tensor;
  const [share] = await tf.mean(tfl.metrics.categoricalAccuracy(test.labels, logits)).data();
  console.log(`weight ${weight}: accuracy ${(100 * share!).toFixed(1)} %`);
}
