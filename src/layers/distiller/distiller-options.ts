import type * as tfl from "@tensorflow/tfjs-layers";
import type { DistillationLoss } from "./measure.ts";
import type { Teacher } from "./teachers.ts";

/** Options of {@link Distiller}. */
export interface DistillerOptions {
  /**
   * A tfjs-layers model; an object with `predict`, such as a `tf.GraphModel`; or a function of the inputs
   * that returns logits or `{logits, features}`, or a promise of them, such as a session of ONNX Runtime or
   * a remote service. Tensors of a promise are disposed of after use. Omit the teacher if the data carry
   * its outputs. Batches that carry them do not run the teacher.
   */
  teacher?: Teacher | undefined;
  student: tfl.LayersModel;
  /** Composed of this library's losses. {@link weightedSum} reports each of them. */
  loss: DistillationLoss;
  /**
   * Layers whose outputs are `teacherFeatures`: of a tfjs-layers teacher, where a path such as
   * `backbone/conv1` names a layer of a nested model, or nodes of a `tf.GraphModel`.
   */
  teacherLayers?: readonly string[] | undefined;
  /** Layers whose outputs are `studentFeatures`. */
  studentLayers?: readonly string[] | undefined;
  /**
   * Keeps the teacher's outputs for each training sample in memory from the first epoch of a `fit` to
   * its end; default false. Not valid if the inputs of a sample change within a `fit`, as by
   * augmentation, or the teacher changes.
   */
  cacheTeacher?: boolean | undefined;
}

/** The options of {@link DistillerOptions}. */
export const DISTILLER_OPTIONS = [
  "teacher",
  "student",
  "loss",
  "teacherLayers",
  "studentLayers",
  "cacheTeacher",
] as const;
