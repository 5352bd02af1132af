import { type Plan, withoutFineTuning } from "./plan.ts";
import type { Schedule } from "./schedule.ts";

/** The length of a training run. */
export interface TrainingLength {
  of: "teacher" | "student";
  epochs: number;
  stepsPerEpoch: number;
}

/**
 * The training runs of each plan that no earlier plan has done. Teachers are trained once; students
 * are trained for each plan.
 */
export function trainingsOf(plans: readonly Plan[]): TrainingLength[][] {
  const trained = new Set<string>();
  const isNew = (key: unknown) => {
    const count = trained.size;
    return trained.add(JSON.stringify(key)).size > count;
  };
  return plans.map(({ images, teacher, student }) => {
    const { epoch, ...start } = withoutFineTuning(teacher);
    const { fineTuning } = teacher;
    const trainings: TrainingLength[] = [];
    if (isNew([images, start])) {
      trainings.push(lengthOf("teacher", teacher.schedule, images.train));
    }
    if (fineTuning && isNew([images, teacher])) {
      trainings.push(lengthOf("teacher", fineTuning.schedule, images.train));
    }
    if (student) {
      const { share, atMost, drawn } = student;
      const seen = drawn ?? Math.min(share * images.train, atMost ?? Number.POSITIVE_INFINITY);
      trainings.push(lengthOf("student", student.schedule, seen));
    }
    return trainings;
  });
}

const lengthOf = (
  of: TrainingLength["of"],
  { epochs, batchSize }: Schedule,
  images: number,
): TrainingLength => ({ of, epochs, stepsPerEpoch: Math.ceil(images / batchSize) });

/** Steps of all training runs of a seed. */
export const stepsOf = (plans: readonly Plan[]): number =>
  trainingsOf(plans)
    .flat()
    .reduce((sum, { epochs, stepsPerEpoch }) => sum + epochs * stepsPerEpoch, 0);
