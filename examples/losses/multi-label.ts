// Distils a multi-label classifier, whose outputs are independent sigmoids.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { binaryKdLoss } from "kd-cmi";
import { Distiller, weightedSum } from "kd-cmi/layers";

const [FEATURES, LABELS] = [16, 6];

// Label k is true where a direction of its own is positive, so that a sample has several labels.
const directions = tf.randomNormal<tf.Rank.R2>([FEATURES, LABELS], 0, 1, "float32", 1);
function samples(count: number, seed: number) {
  const inputs = tf.randomNormal<tf.Rank.R2>([count, FEATURES], 0, 1, "float32", seed);
  const scores = tf.add(
    tf.matMul(inputs, directions),
    tf.randomNormal([count, LABELS], 0, 1, "float32", seed + 1),
  );
  return { inputs, labels: tf.cast(tf.greater(scores, 0.5), "float32") };
}

function network(units: number, seed: number) {
  const kernelInitializer = tfl.initializers.heNormal({ seed });
  const { dense } = tfl.layers;
  const hidden = dense({ units, activation: "relu", inputShape: [FEATURES], kernelInitializer });
  // Logits: the losses apply the sigmoid.
  return tfl.sequential({ layers: [hidden, dense({ units: LABELS, kernelInitializer })] });
}

const [many, few, test] = [samples(2000, 10), samples(100, 20), samples(1000, 30)];

const teacher = network(64, 1);
const crossEntropy = (labels: tf.Tensor, logits: tf.Tensor) =>
  tf.losses.sigmoidCrossEntropy(labels, logits);
teacher.compile({ optimizer: tf.train.adam(0.01), loss: crossEntropy });
await teacher.fit(many.inputs, many.labels, { epochs: 5, verbose: 0 });

for (const weight of [0, 0.9]) {
  const distiller = new Distiller({
    teacher,
    student: network(8, 2),
    loss: ({ labels, teacherLogits, studentLogits }) =>
      weightedSum({
        kd: [weight, binaryKdLoss(teacherLogits, studentLogits, { temperature: 2 })],
        labels: [1 - weight, crossEntropy(labels, studentLogits)],
      }),
  });
  distiller.compile({ optimizer: tf.train.adam(0.02), metrics: ["binaryAccuracy"] });
  await distiller.fit(few.inputs, few.labels, { epochs: 40, batchSize: 20, seed: 1 });
  const { binaryAccuracy, kd } = await distiller.evaluate(test.inputs, test.labels);
  const accuracy = `${(100 * binaryAccuracy!).toFixed(1)} % of the test labels`;
  console.log(`weight ${weight}: ${accuracy}, divergence ${kd!.toFixed(4)} nats`);
}
