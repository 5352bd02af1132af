// Distils a segmentation network. Pixels without a label, 255, are masked in every loss.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { kdLoss, mcmiLoss } from "kd-cmi";
import { Distiller, weightedSum } from "kd-cmi/layers";

const [COUNT, SIZE, CLASSES, IGNORED] = [24, 10, 3, 255];
const SHAPE: [number, number, number] = [COUNT, SIZE, SIZE];

// Squares (class 1) and discs (class 2) on a ground (class 0), of which a quarter has no label.
const classes = Array.from({ length: COUNT * SIZE * SIZE }, (_, at) => {
  const [i, y, x] = [Math.floor(at / SIZE ** 2), Math.floor(at / SIZE) % SIZE, at % SIZE];
  const [left, top] = [i % 4, (i * 3) % 4];
  if (x >= left && x < left + 4 && y >= top && y < top + 4) return 1;
  if (Math.hypot(x - 7 + (i % 2), y - 7.5) < 2.6) return 2;
  return (x + y + i) % 4 === 0 ? IGNORED : 0;
});
const labels = tf.tensor3d(classes, SHAPE, "int32");
const mask = tf.cast(tf.notEqual(labels, IGNORED), "float32");
const noise = tf.randomNormal(SHAPE, 0, 0.5, "float32", 1);
const images = tf.expandDims(tf.add(tf.mul(labels, mask), noise), 3);

function network(filters: number, seed: number) {
  const kernelInitializer = tfl.initializers.heNormal({ seed });
  const shape = { kernelSize: 3, padding: "same", kernelInitializer } as const;
  const { conv2d } = tfl.layers;
  const hidden = conv2d({ ...shape, filters, activation: "relu", inputShape: [SIZE, SIZE, 1] });
  return tfl.sequential({ layers: [hidden, conv2d({ ...shape, filters: CLASSES })] });
}

// With λ = 0, mcmiLoss is the cross-entropy of the labelled pixels, whatever the centroids.
const centroids = tf.fill([CLASSES, CLASSES], 1 / CLASSES);
const crossEntropy = (y: tf.Tensor, logits: tf.Tensor, weights?: tf.Tensor) =>
  mcmiLoss(y, logits, centroids, { lambda: 0, weights });

const [teacher, student] = [network(8, 1), network(2, 2)];
const optimizer = tf.train.adam(0.03);
for (let step = 0; step < 30; step++) {
  optimizer.minimize(() => crossEntropy(labels, teacher.apply(images) as tf.Tensor, mask));
}

const distiller = new Distiller({
  teacher,
  student,
  loss: ({ labels, teacherLogits, studentLogits, weights }) =>
    weightedSum({
      kd: [0.9, kdLoss(teacherLogits, studentLogits, { temperature: 2, weights })],
      labels: [0.1, crossEntropy(labels, studentLogits, weights)],
    }),
});
distiller.compile({ optimizer: tf.train.adam(0.03) });
const options = { epochs: 8, batchSize: 12, seed: 1, sampleWeight: mask };
const { history } = await distiller.fit(images, labels, options);
console.log(`kd: ${history.kd!.map((x) => x.toFixed(3)).join(", ")}`);

const isHit = tf.equal(tf.argMax(student.predict(images) as tf.Tensor, 3), labels);
const [share] = await tf.div(tf.sum(isHit), tf.sum(mask)).data();
console.log(`student: ${(100 * share!).toFixed(1)} % of the labelled pixels`);
