import * as tf from "@tensorflow/tfjs-core";
import { checkOptions, checkTensor } from "../../internal/checks.ts";
import { checkTeacherTensors, sampleCount, type TeacherTensors } from "../data/labelled-data.ts";
import { checkOptimizer } from "./check-optimizer.ts";
import { DISTILLER_OPTIONS, type DistillerOptions } from "./distiller-options.ts";
import { partsOf, stepFrom } from "./step.ts";
import { isPromise, storedOutputs } from "./teachers.ts";

/** Options of {@link distillationStep}. */
export interface DistillationStepOptions extends Omit<DistillerOptions, "cacheTeacher"> {
  optimizer: tf.Optimizer;
}

/** What the step of {@link distillationStep} takes besides inputs and labels. */
export interface DistillationStepData extends TeacherTensors {
  /** Positions of the samples in the training data, int32 [N]. */
  indices?: tf.Tensor1D | undefined;
  /** Weights of the samples, float32 [N], or of their positions, [N, …]. The loss must read them. */
  weights?: tf.Tensor | undefined;
}

/** What a {@link distillationStep} returns: `loss`, and the terms of a {@link weightedSum} by name. */
export type DistillationScalars = Record<string, tf.Scalar> & { loss: tf.Scalar };

/**
 * Builds one step of a {@link Distiller}, for a custom training loop. The step computes the teacher's
 * outputs in inference mode and the student's in training mode. It then updates the variables that a
 * {@link Distiller} trains by a step of the optimizer.
 *
 * @param options Models, loss and layers, as of a {@link Distiller}, and the optimizer.
 * @returns A function of inputs, labels, if the loss reads them, and {@link DistillationStepData}. It
 * returns scalars that the caller owns: `loss` and the terms of a {@link weightedSum}. It throws if an
 * argument is not as described or disposed, and what the loss throws, before any variable is updated. A
 * step is synchronous: await the outputs of an asynchronous teacher and pass them as `teacherLogits` and
 * `teacherFeatures`, in place of a teacher.
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
    labels?: tf.Tensor,
    data: DistillationStepData = {},
  ): DistillationScalars => {
    checkOptions(fn, data, STEP_DATA, "data");
    const { indices, weights, teacherLogits, teacherFeatures } = data;
    for (const [i, x] of [inputs].flat().entries()) {
      checkTensor(fn, Array.isArray(inputs) ? `inputs[${i}]` : "inputs", x);
    }
    if (labels) checkTensor(fn, "labels", labels);
    if (indices) checkTensor(fn, "indices", indices);
    if (weights) checkTensor(fn, "weights", weights);
    // Labels may be fewer: those of images before rotateBatch.
    checkTeacherTensors(fn, { teacherLogits, teacherFeatures }, sampleCount({ xs: inputs }));
    return tf.tidy(() => {
      const isStored = teacherLogits !== undefined || teacherFeatures !== undefined;
      const teacher = isStored ? storedOutputs(data) : parts.teacherNetwork(inputs);
      if (isPromise(teacher)) {
        teacher.then(tf.dispose as (outputs: unknown) => void, () => {});
        const advice = "await its outputs and pass them to the step as {teacherLogits}";
        throw new Error(`${fn}: the teacher must return tensors, got a Promise; ${advice}`);
      }
      const kept = stepFrom(parts, optimizer, { inputs, labels, indices, weights }, teacher);
      const scalars = Object.entries(kept).map(([name, x]): [string, tf.Scalar] => [
        name,
        tf.clone(x),
      ]);
      tf.dispose(kept);
      return Object.fromEntries(scalars) as DistillationScalars;
    });
  };
}

const STEP_DATA = ["indices", "weights", "teacherLogits", "teacherFeatures"] as const;
