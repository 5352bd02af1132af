import type * as tfl from "@tensorflow/tfjs-layers";
import { checkLabels } from "kd-cmi";
import type { Progress } from "../common/jobs.ts";
import { type Dataset, type Images, toLabels } from "../data/images.ts";
import { range } from "../data/order.ts";
import { models } from "../models/index.ts";
import type { Plan, StudentPlan, TeacherPlan } from "./plan.ts";
import { planProgress } from "./plan-progress.ts";
import type { LogitsStore } from "./shared-logits.ts";
import { type Split, split, studentImages } from "./split.ts";
import type { TeacherStores } from "./teacher-store.ts";
import { obtainTeacher } from "./teachers.ts";
import { trainStudent } from "./train-student.ts";

/** The runs of one seed. Plans with the same teacher follow each other. */
export interface SeedRuns {
  data: Dataset;
  seed: number;
  plans: readonly Plan[];
  backend: string;
  /** Where teachers are kept. */
  stores: TeacherStores;
}

/** A trained run, ready for evaluation. */
export interface TrainedRun<T> {
  plan: Plan;
  images: Split;
  /** The teacher's model and what `evaluateTeacher` returned for it. */
  teacher: { model: tfl.LayersModel; evaluation: T };
  /** Present if the plan has a student. */
  student?: tfl.LayersModel;
}

/** What a program measures. */
export interface Evaluation<T, R> {
  /** Called once for each teacher. */
  evaluateTeacher(model: tfl.LayersModel, images: Split, plan: Plan): Promise<T>;
  /** Called once for each plan. */
  evaluateRun(run: TrainedRun<T>): Promise<R>;
  /** Called with the model before each epoch of a teacher's training and after the last one. */
  onTeacherEpoch?(
    plan: TeacherPlan,
    epoch: number,
    model: tfl.LayersModel,
    images: Split,
  ): Promise<void>;
}

/** Progress of a seed, with the run that has just ended. */
export interface RunProgress<R> extends Progress {
  finished?: { plan: Plan; result: R; seconds: number };
}

/**
 * Trains a teacher with cross-entropy, its fine-tuned continuations and their students, as the plans
 * say, and evaluates each of them. The demo, the comparison of class-activation maps and the
 * experiments are plans with an evaluation. Independent of Node.
 *
 * @returns The results in the order of the plans.
 * @throws If a label names no class, or the data set has too few images.
 */
export async function runPlans<T, R>(
  runs: SeedRuns,
  evaluation: Evaluation<T, R>,
  onProgress: (progress: RunProgress<R>) => void,
): Promise<R[]> {
  const { data, seed, plans } = runs;
  const progress = planProgress(plans);
  const results: R[] = [];
  let teacher: (TrainedRun<T>["teacher"] & { key: string; store: LogitsStore }) | undefined;
  for (const [i, plan] of plans.entries()) {
    const start = performance.now();
    const images = await drawImages(data, plan, seed);
    const key = JSON.stringify([plan.images, plan.teacher]);
    if (teacher?.key !== key) {
      teacher?.model.dispose();
      const model = await teacherOf(plan, images, runs, evaluation, (label, steps) =>
        onProgress(progress.afterEpoch("teacher", steps, label)),
      );
      const evaluated = await evaluation.evaluateTeacher(model, images, plan);
      teacher = { key, model, evaluation: evaluated, store: new Map() };
    }
    const student =
      plan.student &&
      (await studentOf(plan, plan.student, teacher, images, seed, (label, steps) =>
        onProgress(progress.afterEpoch("student", steps, label)),
      ));
    const run = { plan, images, teacher, ...(student && { student }) };
    const result = await evaluation.evaluateRun(run);
    student?.dispose();
    results.push(result);
    const seconds = Math.round((performance.now() - start) / 100) / 10;
    onProgress({ ...progress.afterPlan(i), finished: { plan, result, seconds } });
  }
  teacher?.model.dispose();
  return results;
}

async function drawImages(data: Dataset, plan: Plan, seed: number): Promise<Split> {
  const images = split(data, plan.images, seed);
  for (const part of Object.values(images) as Images[]) {
    const labels = toLabels(part, range(part.labels.length));
    await checkLabels(labels, data.classNames.length).finally(() => labels.dispose());
  }
  return images;
}

/** Called after each epoch with a label and the number of its steps. */
type OnEpoch = (label: string, steps: number) => void;

function teacherOf<T, R>(
  { teacher: plan, images: counts }: Plan,
  images: Split,
  { data, seed, backend, stores }: SeedRuns,
  { onTeacherEpoch }: Evaluation<T, R>,
  onEpoch: OnEpoch,
): Promise<tfl.LayersModel> {
  const { train } = images;
  const settings = { dataset: data.name, images: counts, seed, backend, plan };
  return obtainTeacher(settings, {
    train,
    numClasses: data.classNames.length,
    stores,
    async onEpoch(stage, epoch, model) {
      await onTeacherEpoch?.(stage, epoch, model, images);
      if (epoch === 0) return;
      const { epochs, batchSize } = stage.fineTuning?.schedule ?? stage.schedule;
      const label = `${stage.fineTuning ? "fine-tuning" : "teacher"}, epoch ${epoch} of ${epochs}`;
      onEpoch(label, Math.ceil(train.labels.length / batchSize));
    },
  });
}

function studentOf(
  { teacher }: Plan,
  plan: StudentPlan,
  { model, store }: { model: tfl.LayersModel; store: LogitsStore },
  { train }: Split,
  seed: number,
  onEpoch: OnEpoch,
): Promise<tfl.LayersModel> {
  const { maps, embedding } = models[teacher.network];
  const student = studentImages(train, plan, seed);
  const { method, schedule } = plan;
  const report = (epoch: number) => {
    if (epoch === 0) return;
    const label = `student by ${method}, epoch ${epoch} of ${schedule.epochs}`;
    onEpoch(label, Math.ceil(student.draws.count / schedule.batchSize));
  };
  return trainStudent(plan, { model, maps, embedding }, student, seed, report, { store });
}
