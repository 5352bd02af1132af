import type { MethodName } from "../methods/index.ts";
import type { ModelName } from "../models/index.ts";
import type { Regularizer } from "./fit-teacher.ts";
import type { Schedule } from "./schedule.ts";

/** Everything that a run depends on except the seed and the backend, as plain JSON. */
export interface Plan {
  /** Numbers of images, drawn from the training images by the seed. */
  images: { train: number; validation: number };
  teacher: TeacherPlan;
  /** Without a student, the run evaluates the teacher alone. */
  student?: StudentPlan;
  /** Temperature at which the CMI of the teacher's outputs is estimated in addition. */
  softCmi?: number;
  /** Class-activation maps of this layer of the teacher, over a number of test images. */
  maps?: { layer: string; images: number };
}

export interface TeacherPlan {
  network: ModelName;
  /** Schedule of the training with cross-entropy. */
  schedule: Schedule;
  /** Epochs after which the teacher is stored, the last one included. */
  kept: readonly number[];
  /** The stored epoch that this plan uses. */
  epoch: number;
  /** Fine-tuning after the last epoch. */
  fineTuning?: FineTuning;
}

export interface FineTuning {
  schedule: Schedule;
  regularizer: Regularizer;
  /**
   * Where the centroids of the CMI come from: estimated before each epoch, by default, or once from
   * the teacher before its fine-tuning, as in the authors' code.
   */
  centroids?: "fixed";
}

export interface StudentPlan {
  network: ModelName;
  method: MethodName;
  /** Settings of `method: "kd"`. */
  kd?: KdSettings;
  /** Factor of the usual weight of the method's loss, default 1. Methods without a weight ignore it. */
  strength?: number;
  /** Share of the teacher's training images that the student sees. */
  share: number;
  /** Maximum number of images. */
  atMost?: number;
  /** Classes removed from the images. */
  removed: readonly number[];
  /**
   * Whether removed images leave gaps in the batches, as in the authors' code: as many steps as with
   * all classes, on smaller batches. By default, batches are filled with other images.
   */
  gaps?: true;
  /**
   * Images drawn in an epoch, for a constant number of steps: the student sees its images over and
   * over. By default, each of them once.
   */
  drawn?: number;
  schedule: Schedule;
  /** Names of the random orders, default {@link DEFAULT_ORDERS}. */
  orders?: StudentOrders;
}

/** Names of a student's random orders. The seed completes each name. */
export interface StudentOrders {
  /** Order from which the share is taken. Without a name, images keep the order of the teacher's. */
  images?: string;
  /** Order of the batches. */
  batches: string;
}

export const DEFAULT_ORDERS: StudentOrders = { images: "share", batches: "student" };

export interface KdSettings {
  temperature: number;
  /** Weight of the distillation loss. Cross-entropy has the weight 1 − alpha. */
  alpha: number;
}

/** A teacher fine-tuned with a regularizer. All fine-tuned teachers have the same budget. */
export const fineTuned = (
  teacher: TeacherPlan,
  schedule: Schedule,
  regularizer: Regularizer,
  centroids?: "fixed",
): TeacherPlan => ({
  ...teacher,
  fineTuning: { schedule, regularizer, ...(centroids && { centroids }) },
});

/** The teacher before its fine-tuning. */
export function withoutFineTuning({ fineTuning, ...plan }: TeacherPlan): TeacherPlan {
  return plan;
}
