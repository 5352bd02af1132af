// Distils a teacher whose logits are in a file, without labels.
// PyTorch writes one by `safetensors.torch.save_file({"logits": logits}, "teacher.safetensors")`.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { kdLoss } from "kd-cmi";
import { Distiller, readTeacherOutputs, writeTeacherOutputs } from "kd-cmi/layers";

// The points of a grid. Row i of the file belongs to point i.
const SIDE = 20;
const steps = Array.from({ length: SIDE }, (_, i) => -1 + (2 * i) / (SIDE - 1));
const grid = steps.flatMap((x) => steps.map((y) => [x, y] as [number, number]));
const points = tf.tensor2d(grid);

// The file is an argument. Without it, a teacher of three spiral arms writes one.
const file = process.argv[2] ?? "teacher.safetensors";
if (file !== process.argv[2]) {
  const logits = grid.map(([x, y]) => {
    const angle = Math.atan2(y, x) - 1.6 * Math.hypot(x, y);
    return [0, 1, 2].map((label) => 5 * Math.cos(angle - (label * 2 * Math.PI) / 3));
  });
  await writeTeacherOutputs(file, { teacherLogits: tf.tensor2d(logits) });
}
const stored = await readTeacherOutputs(file); // in a page: the bytes of a fetch
console.log(`teacher: logits [${stored.teacherLogits!.shape}]`);

const kernelInitializer = tfl.initializers.heNormal({ seed: 1 });
const hidden = { units: 32, activation: "relu", kernelInitializer } as const;
const student = tfl.sequential({
  layers: [
    tfl.layers.dense({ ...hidden, inputShape: [2] }),
    tfl.layers.dense(hidden),
    tfl.layers.dense({ units: 3, kernelInitializer }),
  ],
});

// Neither a teacher nor labels: the loss reads the stored logits only.
const distiller = new Distiller({
  student,
  loss: ({ teacherLogits, studentLogits }) => kdLoss(teacherLogits, studentLogits),
});
distiller.compile({ optimizer: tf.train.adam(0.01) });
const options = { epochs: 30, batchSize: 40, seed: 1, ...stored };
const { history } = await distiller.fit(points, undefined, options);
const losses = history.loss!.filter((_, epoch) => epoch % 10 === 9 || epoch === 0);
console.log(`divergence: ${losses.map((x) => (x as number).toFixed(4)).join(", ")} nats`);

const agreement = tf.equal(
  tf.argMax(student.predict(points) as tf.Tensor, 1),
  tf.argMax(stored.teacherLogits!, 1),
);
const share = (await tf.mean(tf.cast(agreement, "float32")).data())[0]!;
console.log(`student: the teacher's class at ${(100 * share).toFixed(1)} % of the points`);
