import type { Schedule } from "./common/optimizer.ts";
import type { Regularizer } from "./common/teacher.ts";
import type { MethodName } from "./methods/index.ts";
import type { ModelName } from "./models/index.ts";

/** Everything that a run depends on but the seed and the backend, as plain JSON. */
export interface Plan {
  /** Drawn from the training images by the seed. */
  images: { train: number; validation: number };
  teacher: TeacherPlan;
  /** Without one, the run is about the teacher alone. */
  student?: StudentPlan;
  /** Temperature at which the CMI of the teacher's outputs is estimated too. */
  softCmi?: number;
  /** Class-activation maps of this layer of the teacher, over so many test images. */
  maps?: { layer: string; images: number };
}

export interface TeacherPlan {
  network: ModelName;
  /** Of the training with cross-entropy. */
  schedule: Schedule;
  /** The epochs of it after which the teacher is kept, the last one included. */
  kept: readonly number[];
  /** The one of them that is meant. */
  epoch: number;
  /** What follows the last epoch. */
  fineTuning?: { schedule: Schedule; regularizer: Regularizer };
}

export interface StudentPlan {
  network: ModelName;
  method: MethodName;
  /** Of `method: "kd"`. */
  kd?: KdSettings;
  /** Share of the teacher's training images that the student sees. */
  share: number;
  /** At most so many images. */
  atMost?: number;
  /** Classes taken out of them. */
  removed: readonly number[];
  schedule: Schedule;
}

export interface KdSettings {
  temperature: number;
  /** Weight of the distillation loss; the rest is that of cross-entropy. */
  alpha: number;
}

/** Numbers on validation images, which choices are made on, and on test images. */
export interface OnBoth<T> {
  validation: T;
  test: T;
}

/** What comes of a run, as plain JSON. */
export interface Outcome {
  teacher: TeacherOutcome;
  student?: StudentOutcome;
  /** Of the outputs for training images at the plan's temperature; nats. */
  softCmi?: number;
  maps?: MapsOutcome;
}

export interface TeacherOutcome {
  accuracy: OnBoth<number>;
  crossEntropy: OnBoth<number>;
  /** Of the training images, which are what students see through the teacher; nats. */
  cmi: number;
  normalizedCmi: number | null;
}

/** See `CamClusterScore` of kd-cmi. */
export interface MapsOutcome {
  cmi: number;
  coverage: number;
  divergence: number | null;
}

export interface StudentOutcome {
  accuracy: OnBoth<number>;
  /** Of each class. */
  perClass: OnBoth<number[]>;
  /** On test images, where classes were removed. */
  confusion?: number[][];
}

/** The teacher before it is fine-tuned. */
export function withoutFineTuning({ fineTuning, ...plan }: TeacherPlan): TeacherPlan {
  return plan;
}
