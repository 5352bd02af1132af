import type { ModelName } from "../experiments/models/index.ts";
import type { StudentPlan } from "../experiments/pipeline/plan.ts";
import type { Schedule } from "../experiments/pipeline/schedule.ts";
import { type Settings, TEACHER_EPOCHS } from "./settings.ts";
import { UNSEEN } from "./unseen.ts";

export const TEACHER = "mlp-256-128" satisfies ModelName;

/** The experiments' schedule of this teacher. */
export const TEACHER_SCHEDULE: Schedule = {
  epochs: TEACHER_EPOCHS,
  batchSize: 64,
  learningRate: 1e-3,
};

/** Names the order of the batches of the teacher's first training. */
export const teacherOrder = (seed: number) => `CE ${seed}`;

/** The experiments' fine-tuning with half as many epochs. */
export const FINE_TUNING: Schedule = {
  epochs: 8,
  batchSize: 256,
  learningRate: 5e-4,
  warmUp: 0.2,
};

/** A student that learns from a teacher's outputs alone, without labels and without the unseen class. */
export const studentPlan = ({ temperature }: Settings): StudentPlan => ({
  network: "mlp-64",
  method: "kd",
  kd: { temperature, alpha: 1 },
  share: 1,
  removed: [UNSEEN],
  schedule: { epochs: 20, batchSize: 128, learningRate: 4e-3 },
});
