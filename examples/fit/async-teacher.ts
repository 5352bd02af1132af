// Distils a teacher that answers asynchronously, such as a session of ONNX Runtime or a remote service.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { kdLoss } from "kd-cmi";
import { averageTeachers, Distiller } from "kd-cmi/layers";

const [FEATURES, CLASSES] = [8, 4];

// Stands in for `await ort.InferenceSession.create("teacher.onnx")`: numbers in, numbers out.
const session = {
  async run(input: { data: Float32Array; dims: readonly number[] }) {
    await new Promise((resolve) => setTimeout(resolve));
    const [rows] = input.dims as [number];
    const output = new Float32Array(rows * CLASSES);
    for (let i = 0; i < output.length; i++) {
      const [row, label] = [Math.floor(i / CLASSES), i % CLASSES];
      const at = row * FEATURES + 2 * label;
      output[i] = 3 * (input.data[at]! + Math.abs(input.data[at + 1]!));
    }
    return { data: output, dims: [rows, CLASSES] };
  },
};

// The student gets features of mean 0. This teacher expects them between 0 and 1.
async function remoteTeacher(inputs: tf.Tensor) {
  const scaled = tf.tidy(() => tf.add(tf.mul(inputs, 0.25), 0.5));
  const data = await scaled.data<"float32">();
  scaled.dispose();
  const { data: logits, dims } = await session.run({ data, dims: inputs.shape });
  return tf.tensor(logits, dims);
}

const network = (units: number, seed: number) => {
  const kernelInitializer = tfl.initializers.heNormal({ seed });
  const { dense } = tfl.layers;
  const hidden = dense({ units, activation: "relu", inputShape: [FEATURES], kernelInitializer });
  return tfl.sequential({ layers: [hidden, dense({ units: CLASSES, kernelInitializer })] });
};

// Two teachers, of which one is local: the student learns the mean of their probabilities.
const teacher = averageTeachers([remoteTeacher, network(16, 1)], { weights: [3, 1] });
const distiller = new Distiller({
  teacher,
  student: network(24, 2),
  cacheTeacher: true, // one call for each batch of the first epoch
  loss: ({ teacherLogits, studentLogits }) => kdLoss(teacherLogits, studentLogits),
});
distiller.compile({ optimizer: tf.train.adam(0.01) });

const inputs = tf.randomNormal([256, FEATURES], 0, 1, "float32", 3);
const options = { epochs: 15, batchSize: 32, seed: 1, validationSplit: 0.25 };
const { history } = await distiller.fit(inputs, undefined, options);
for (const name of ["loss", "val_loss"]) {
  const values = history[name]!.map((x) => x as number);
  console.log(`${name}: ${values[0]!.toFixed(4)}, ${values.at(-1)!.toFixed(4)} nats`);
}
