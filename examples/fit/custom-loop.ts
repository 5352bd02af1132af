// Distils in a training loop of your own, with DKD.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { dkdLoss } from "kd-cmi";
import { distillationStep, weightedSum } from "kd-cmi/layers";

const [CLASSES, FEATURES, BATCH] = [5, 12, 20];

// Each class has a centre. A sample is the centre of its class with noise.
const centres = tf.randomNormal([CLASSES, FEATURES], 0, 1, "float32", 1);
function samples(count: number, seed: number) {
  const classes = Array.from({ length: count }, (_, i) => i % CLASSES);
  const labels = tf.tensor1d(classes, "int32");
  const noise = tf.randomNormal([count, FEATURES], 0, 1.2, "float32", seed);
  return { inputs: tf.add(tf.gather(centres, labels), noise), labels };
}

function network(units: number, seed: number) {
  const kernelInitializer = tfl.initializers.heNormal({ seed });
  const { dense } = tfl.layers;
  const hidden = dense({ units, activation: "relu", inputShape: [FEATURES], kernelInitializer });
  return tfl.sequential({ layers: [hidden, dense({ units: CLASSES, kernelInitializer })] });
}

const crossEntropy = tf.losses.softmaxCrossEntropy;
const [many, few, test] = [samples(800, 10), samples(80, 20), samples(800, 30)];
const [teacher, student] = [network(64, 1), network(8, 2)];
teacher.compile({ optimizer: tf.train.adam(0.01), loss: crossEntropy });
const oneHot = tf.oneHot(many.labels, CLASSES);
await teacher.fit(many.inputs, oneHot, { epochs: 5, verbose: 0, shuffle: false });

const step = distillationStep({
  teacher,
  student,
  optimizer: tf.train.adam(0.01),
  loss: ({ labels, teacherLogits, studentLogits }) =>
    weightedSum({
      dkd: [1, dkdLoss(labels, teacherLogits, studentLogits, { beta: 2, temperature: 4 })],
      labels: [1, crossEntropy(tf.oneHot(labels as tf.Tensor1D, CLASSES), studentLogits)],
    }),
});
for (let epoch = 1; epoch <= 20; epoch++) {
  let sum = 0;
  for (let start = 0; start < few.labels.size; start += BATCH) {
    const inputs = tf.slice(few.inputs, start, BATCH);
    const labels = tf.slice(few.labels, start, BATCH);
    const { loss } = step(inputs, labels);
    sum += (await loss.data())[0]!;
    tf.dispose([loss, inputs, labels]);
  }
  if (epoch === 1 || epoch === 20) console.log(`  epoch ${epoch}: loss ${(sum / 4).toFixed(4)}`);
}

const predicted = tf.argMax(student.predict(test.inputs) as tf.Tensor, 1);
const [share] = await tf.mean(tf.cast(tf.equal(predicted, test.labels), "float32")).data();
console.log(`student: accuracy ${(100 * share!).toFixed(1)} %`);
