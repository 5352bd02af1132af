// Fine-tunes one classifier of three classes with cross-entropy, MCMI and CMIC, and draws the outputs.
import "@tensorflow/tfjs-backend-cpu";
import { writeFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { CmiEstimator, classCentroids, cmicLoss, mcmiLoss, updateCentroids } from "kd-cmi";

// Three overlapping clouds of points in the plane.
const classes = Array.from({ length: 300 }, (_, i) => i % 3);
const labels = tf.tensor1d(classes, "int32");
const corners = tf.tensor2d([0, 1.2, -1, -0.6, 1, -0.6], [3, 2]);
const points = tf.add(tf.gather(corners, labels), tf.randomNormal([300, 2], 0, 0.6, "float32", 1));

const kernelInitializer = tfl.initializers.heNormal({ seed: 1 });
const { dense } = tfl.layers;
const hidden = dense({ units: 16, activation: "relu", inputShape: [2], kernelInitializer });
const model = tfl.sequential({ layers: [hidden, dense({ units: 3, kernelInitializer })] });
const logitsOf = () => model.apply(points) as tf.Tensor2D;

type Loss = (logits: tf.Tensor, centroids: tf.Tensor) => tf.Scalar;
const crossEntropy: Loss = (z, q) => mcmiLoss(labels, z, q, { lambda: 0 });
const mcmi: Loss = (z, q) => mcmiLoss(labels, z, q, { lambda: 0.6 });
const cmic: Loss = (z, q) => cmicLoss(labels, z, q, { lambda: 1, beta: 0.01 });

function train(loss: Loss, steps: number) {
  const optimizer = tf.train.adam(0.01);
  let centroids = tf.tidy(() => classCentroids(labels, logitsOf()));
  for (let step = 0; step < steps; step++) {
    optimizer.minimize(() => loss(logitsOf(), centroids));
    const old = centroids;
    centroids = tf.tidy(() => updateCentroids(old, labels, logitsOf(), { decay: 0.9 }));
    old.dispose();
  }
  centroids.dispose();
}

/** A triangle whose corners are the classes. A point is the mean of the corners by its probabilities. */
async function draw(name: string, left: number) {
  const estimator = new CmiEstimator();
  estimator.update(labels, logitsOf());
  const { cmi, separation, accuracy } = await estimator.result();
  console.log(`${name}: CMI ${cmi.toFixed(4)}, Γ ${separation.toFixed(2)}, accuracy ${accuracy}`);
  const rows = (await tf.softmax(logitsOf()).array()) as [number, number, number][];
  const dots = rows.map(([a, b, c], i) => {
    const color = ["#0072b2", "#d55e00", "#009e73"][classes[i]!];
    return `<circle cx="${left + 100 * a + 10 * b + 190 * c}" cy="${30 + 156 * (b + c)}" r="2" fill="${color}"/>`;
  });
  return `<text x="${left + 10}" y="20">${name}</text>${dots.join("")}`;
}

train(crossEntropy, 200);
const start = model.getWeights().map((weight) => tf.clone(weight));
const panels: string[] = [];
for (const [name, loss] of Object.entries({ cmic, crossEntropy, mcmi })) {
  model.setWeights(start);
  train(loss, 100);
  panels.push(await draw(name, 210 * panels.length));
}
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="630" height="200">${panels.join("")}</svg>`;
writeFileSync(process.argv[2] ?? "clusters.svg", svg);
