import * as tf from "@tensorflow/tfjs-core";
import { checkOptions, checkTensor } from "../../internal/checks.ts";
import { checkOptimizer } from "./check-optimizer.ts";
import { DISTILLER_OPTIONS, type DistillerOptions } from "./distiller-options.ts";
import { partsOf, stepFrom } from "./step.ts";

/** Options of {@link distillationStep}. */
export interface DistillationStepOptions extends Omit<DistillerOptions, "cacheTeacher"> {
  optimizer: tf.Optimizer;
}

/** What a {@link distillationStep} returns: `loss`, and the terms of a {@link weightedSum} by name. */
export type DistillationScalars = Record<string, tf.Scalar> & { loss: tf.Scalar };

/**
 * Builds one step of a {@link Distiller}, for a custom training loop. The step computes the teacher's
 * outputs in inference mode and the student's in training mode. It then updates the variables that a
 * {@link Distiller} trains by a step of the optimizer.
 *
 * @param options Models, loss and layers, as of a {@link Distiller}, and the optimizer.
 * @returns A function of inputs, labels and, if the loss reads them, `indices` int32 [N]. It returns
 * scalars that the caller owns: `loss` and the terms of a {@link weightedSum}. It throws if an
 * argument is no tensor or disposed, and what the loss throws, before any variable is updated.
 * @throws If a model or the loss is not as described, a layer is not in its model, or `teacherLayers`
 * are given for a teacher without layers.
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
 *   console.log((await loss.data())[0]);
 * }
 * ```
 */
export function distillationStep(options: DistillationStepOptions) {
  const fn = "distillationStep";
  const allowed = DISTILLER_OPTIONS.filter((name) => name !== "cacheTeacher");
  checkOptions(fn, options, [...allowed, "optimizer"]);
  const { optimizer, ...others } = options;
  checkOptimizer(fn, optimizer);
  const parts = partsOf(fn, others);
  return (
    inputs: tf.Tensor | tf.Tensor[],
    labels: tf.Tensor,
    indices?: tf.Tensor1D,
  ): DistillationScalars => {
    for (const [i, x] of [inputs].flat().entries()) {
      checkTensor(fn, Array.isArray(inputs) ? `inputs[${i}]` : "inputs", x);
    }
    checkTensor(fn, "labels", labels);
    if (indices) checkTensor(fn, "indices", indices);
    return tf.tidy(() => {
      const teacher = parts.teacherNetwork(inputs, false);
      const kept = stepFrom(parts, optimizer, { inputs, labels, indices }, teacher);
      const scalars = Object.entries(kept).map(([name, x]): [string, tf.Scalar] => [
        name,
        tf.clone(x),
      ]);
      tf.dispose(kept);
      return Object.fromEntries(scalars) as DistillationScalars;
    });
  };
}
