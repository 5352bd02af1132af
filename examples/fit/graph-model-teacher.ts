// Distils a tf.GraphModel, such as one converted from Python.
import "@tensorflow/tfjs-backend-cpu";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { kdLoss } from "kd-cmi";
import { Distiller } from "kd-cmi/layers";

const [CLASSES, FEATURES, HIDDEN] = [4, 6, 16];

// The teacher is a perceptron with random weights, as a graph in the format of tensorflowjs_converter.
// A converted model is loaded by `loadGraphModel("https://…/model.json")`.
const kernels = [
  tf.randomNormal([FEATURES, HIDDEN], 0, 1, "float32", 1),
  tf.randomNormal([HIDDEN, CLASSES], 0, 1, "float32", 2),
];
const type = { type: "DT_FLOAT" };
const node = [
  { name: "x", op: "Placeholder", attr: { dtype: type } },
  { name: "kernel0", op: "Const", attr: { dtype: type } },
  { name: "kernel1", op: "Const", attr: { dtype: type } },
  { name: "product", op: "MatMul", input: ["x", "kernel0"], attr: { T: type } },
  { name: "hidden", op: "Relu", input: ["product"], attr: { T: type } },
  { name: "logits", op: "MatMul", input: ["hidden", "kernel1"], attr: { T: type } },
];
const weightSpecs = kernels.map(
  ({ shape }, i) => ({ name: `kernel${i}`, shape, dtype: "float32" }) as const,
);
const weightData = tf.io.concatenateArrayBuffers(
  await Promise.all(kernels.map(async (x) => new Float32Array(await x.data()).buffer)),
);
const modelTopology = { node, versions: { producer: 1, minConsumer: 0 } };
const teacher = await loadGraphModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));

const kernelInitializer = tfl.initializers.heNormal({ seed: 3 });
const { dense } = tfl.layers;
const hidden = dense({ units: 32, activation: "relu", inputShape: [FEATURES], kernelInitializer });
const student = tfl.sequential({
  layers: [hidden, dense({ units: CLASSES, kernelInitializer })],
});

const distiller = new Distiller({
  teacher,
  student,
  loss: ({ teacherLogits, studentLogits }) => kdLoss(teacherLogits, studentLogits),
});
distiller.compile({ optimizer: tf.train.adam(0.01) });
const inputs = tf.randomNormal([200, FEATURES], 0, 1, "float32", 4);
const { history } = await distiller.fit(inputs, undefined, { epochs: 20, batchSize: 20, seed: 1 });
for (const epoch of [0, 19]) {
  console.log(`  epoch ${epoch + 1}: loss ${history.loss![epoch]!.toFixed(4)}`);
}
const unseen = tf.randomNormal([500, FEATURES], 0, 1, "float32", 5);
const [a, b] = [teacher, student].map((model) => tf.argMax(model.predict(unseen) as tf.Tensor, 1));
const [share] = await tf.mean(tf.cast(tf.equal(a!, b!), "float32")).data();
console.log(`student: the teacher's class for ${(100 * share!).toFixed(1)} % of new inputs`);
