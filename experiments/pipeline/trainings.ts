import { type Plan, type StudentPlan, withoutFineTuning } from "./plan.ts";
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
    if (student) trainings.push(studentLength(images, student));
    return trainings;
  });
}

/** The length of a student's own training, without the first stages of some methods. */
export const studentLength = (images: Plan["images"], student: StudentPlan): TrainingLength =>
  lengthOf("student", student.schedule, student.drawn ?? imagesOf(images, student));

/** The number of images that a student sees. Where classes are removed, it may see fewer. */
export const imagesOf = ({ train }: Plan["images"], { share, atMost }: StudentPlan): number =>
  Math.min(Math.round(share * train), atMost ?? Number.POSITIVE_INFINITY);

export const lengthOf = (
  of: TrainingLength["of"],
  { epochs, batchSize }: Schedule,
  images: number,
): TrainingLength => ({ of, epochs, stepsPerEpoch: Math.ceil(images / batchSize) });

/** Steps of a training run. */
export const stepsIn = ({ epochs, stepsPerEpoch }: TrainingLength): number =>
  epochs * stepsPerEpoch;

/** Steps of all training runs of a seed. */
export const stepsOf = (plans: readonly Plan[]): number =>
  trainingsOf(plans)
    .flat()
    .reduce((sum, length) => sum + stepsIn(length), 0);
