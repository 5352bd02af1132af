import type * as tfl from "@tensorflow/tfjs-layers";
import type { DistillationLoss } from "./measure.ts";
import type { LogitsModel } from "./networks.ts";

/** Options of {@link Distiller}. */
export interface DistillerOptions {
  /** A tfjs-layers model, or any object with `predict`, such as a `tf.GraphModel`. */
  teacher: tfl.LayersModel | LogitsModel;
  student: tfl.LayersModel;
  /** Composed of this library's losses. {@link weightedSum} reports each of them. */
  loss: DistillationLoss;
  /**
   * Layers whose outputs are `teacherFeatures`; for a tfjs-layers teacher only. A path such as
   * `backbone/conv1` names a layer of a nested model.
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
