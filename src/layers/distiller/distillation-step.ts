import * as tf from "@tensorflow/tfjs-core";
import type { DistillerOptions } from "./distiller.ts";
import { layersNetwork, teacherNetwork } from "./networks.ts";
import { stepFrom } from "./step.ts";

/** What {@link distillationStep} is built from. */
export interface DistillationStepOptions extends Omit<DistillerOptions, "cacheTeacher"> {
  optimizer: tf.Optimizer;
}

/**
 * One step of a {@link Distiller}, for a training loop of one's own: the teacher's outputs in inference
 * mode, the student's in training mode, and a step of the optimizer along the gradient of the loss by
 * every variable that it depends on.
 *
 * @param options Models, loss and layers, as of a {@link Distiller}, and the optimizer.
 * @returns A function of inputs, labels and, where the loss reads them, `indices` int32 [N]. It returns
 * scalars that the caller owns: `loss` and the terms of a {@link weightedSum}. It throws what the loss
 * throws, before anything is trained.
 * @throws As the constructor of a {@link Distiller}.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { kdLoss } from "kd-cmi";
 * import { distillationStep } from "kd-cmi/layers";
 *
 * const network = () => tfl.sequential({ layers: [tfl.layers.dense({ units: 3, inputShape: [4] })] });
 * const step = distillationStep({
 *   teacher: network(),
 *   student: network(),
 *   optimizer: tf.train.adam(0.01),
 *   loss: ({ teacherLogits, studentLogits }) => kdLoss(teacherLogits, studentLogits),
 * });
 * for (let i = 0; i < 5; i++) {
 *   const { loss } = step(tf.randomNormal([8, 4]), tf.zeros([8], "int32"));
 *   console.log((await loss!.data())[0]);
 * }
 * ```
 */
export function distillationStep({
  teacher,
  student,
  optimizer,
  loss,
  teacherLayers = [],
  studentLayers = [],
}: DistillationStepOptions) {
  const frozen = teacherNetwork(teacher, teacherLayers);
  const parts = {
    loss,
    metrics: [],
    studentNetwork: layersNetwork("student", student, studentLayers),
  };
  return (
    inputs: tf.Tensor | tf.Tensor[],
    labels: tf.Tensor,
    indices?: tf.Tensor1D,
  ): Record<string, tf.Scalar> =>
    tf.tidy(() => {
      const batch = { inputs, labels, indices };
      const { names, values } = stepFrom(parts, optimizer, batch, frozen(inputs, false));
      const scalars = tf.unstack(values) as tf.Scalar[];
      values.dispose();
      return Object.fromEntries(names.map((name, i) => [name, scalars[i]!]));
    });
}
