// Distils the softened probabilities of a teacher (KD).
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { kdLoss } from "kd-cmi";

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
  const kernel = { kernelSize: 3, strides: 2, padding: "same" } as const;
  const { conv2d, dense, flatten } = tfl.layers;
  const low = conv2d({ ...relu, ...kernel, filters, name: "low", inputShape: [8, 8, 1] });
  const high = conv2d({ ...relu, ...kernel, filters: 2 * filters, name: "high" });
  const logits = dense({ units: CLASSES, kernelInitializer, name: "logits" });
  return tfl.sequential({ layers: [low, high, flatten(), logits] });
}

const crossEntropy = tf.losses.softmaxCrossEntropy;
const [many, test] = [samples(400, 10), samples(400, 30)];
const { inputs, labels } = samples(80, 20);
const teacher = network(8, 1);
teacher.compile({ optimizer: tf.train.adam(0.01), loss: crossEntropy });
await teacher.fit(many.inputs, many.labels, { epochs: 5, verbose: 0, shuffle: false });
const teacherLogits = teacher.predict(inputs) as tf.Tensor;

// The first student is trained on labels only.
for (const weight of [0, 0.9]) {
  const student = network(2, 2);
  const optimizer = tf.train.adam(0.01);
  for (let step = 0; step <= 80; step++) {
    const loss = optimizer.minimize(() => {
      const logits = student.apply(inputs) as tf.Tensor;
      const soft = tf.mul(kdLoss(teacherLogits, logits, { temperature: 4 }), weight);
      return tf.add(soft, tf.mul(crossEntropy(labels, logits), 1 - weight));
    }, true)!;
    if (step % 40 === 0) console.log(`  step ${step}: loss ${(await loss.data())[0]!.toFixed(4)}`);
    loss.dispose();
  }
  const logits = student.predict(test.inputs) as tf.Tensor;
  const [share] = await tf.mean(tfl.metrics.categoricalAccuracy(test.labels, logits)).data();
  console.log(`weight ${weight}: accuracy ${(100 * share!).toFixed(1)} %`);
}
