import type * as tfl from "@tensorflow/tfjs-layers";
import type { Progress } from "../common/jobs.ts";
import { type Dataset, type Images, pick } from "../data/images.ts";
import { range } from "../data/order.ts";
import { accuracyOf, confusionOf } from "../pipeline/confusion.ts";
import type { TeacherPlan } from "../pipeline/plan.ts";
import { type Evaluation, runPlans } from "../pipeline/run-plans.ts";
import type { SeedJob } from "../pipeline/serve-seed.ts";
import type { Split } from "../pipeline/split.ts";
import { teachersInMemory } from "../pipeline/teacher-store.ts";
import { estimate, readLogits } from "../pipeline/training.ts";
import { plansOf, type Recipe, TEACHERS, type TeacherName } from "./recipe.ts";

export interface DemoJob extends SeedJob {
  recipe: Recipe;
}

export interface ZeroShotResult {
  /** The class that the student never saw. */
  removed: number;
  /** Accuracy on the images of that class, 0–1. */
  accuracy: number;
  /** Counts. Rows: true class; columns: predicted class. */
  confusion: number[][];
}

/** The state of a teacher's training after an epoch. */
export interface EpochReport {
  epoch: number;
  /** CMI of some of the training images, nats. */
  cmi: number;
  /** Accuracy on the validation images, 0–1. */
  accuracy: number;
}

export interface TeacherResult {
  accuracy: number;
  crossEntropy: number;
  /** CMI of the training images, from which the students are distilled; nats. */
  cmi: number;
  normalizedCmi: number;
  history: EpochReport[];
  /** Accuracy of the student for each share of the training images. */
  fewShot: number[];
  zeroShot: ZeroShotResult[];
  /** Logits of some training images, [images · 10]. */
  sampleLogits: number[];
}

export interface SeedResult {
  seed: number;
  teachers: Record<TeacherName, TeacherResult>;
  /** The classes of the images of `sampleLogits`. */
  sampleLabels: number[];
}

/** Training images whose CMI is tracked over the epochs and whose logits are drawn. */
const SAMPLE = 1000;
const sampleOf = ({ train }: Split): Images =>
  pick(train, range(Math.min(SAMPLE, train.labels.length)));

type TeacherMeasures = Omit<TeacherResult, "history" | "fewShot" | "zeroShot"> & {
  sampleLabels: number[];
};
type Confusion = number[][];

/** All teachers and students of a seed. Independent of Node, so it runs in a browser too. */
export async function runDemo(
  { backend, recipe, seed }: DemoJob,
  data: Dataset,
  onProgress: (progress: Progress) => void,
): Promise<SeedResult> {
  const plans = TEACHERS.map((name) => ({ name, ...plansOf(recipe, name) }));
  const history = trainingHistory();
  const measures: TeacherMeasures[] = [];
  const evaluationImages = (images: Split) => images[recipe.evaluate];
  const evaluation: Evaluation<void, Confusion> = {
    async evaluateTeacher(model, images) {
      measures.push(await measureTeacher(model, images, evaluationImages(images)));
    },
    evaluateRun: ({ images, student }) => confusionOf(student!, evaluationImages(images)),
    onTeacherEpoch: history.onTeacherEpoch,
  };
  const seedRuns = {
    data,
    seed,
    plans: plans.flatMap(({ fewShot, zeroShot }) => [...fewShot, ...zeroShot]),
    backend,
    stores: teachersInMemory(),
  };
  const confusions = await runPlans(seedRuns, evaluation, onProgress);

  const results = plans.map(({ name, teacher, fewShot, zeroShot }, i) => {
    const { sampleLabels, ...measured } = measures[i]!;
    const ofFewShot = confusions.splice(0, fewShot.length);
    const ofZeroShot = confusions.splice(0, zeroShot.length);
    const result: TeacherResult = {
      ...measured,
      history: history.historyOf(teacher),
      fewShot: ofFewShot.map((confusion) => accuracyOf(confusion)),
      zeroShot: ofZeroShot.map((confusion, i) => {
        const removed = recipe.removed[i]!;
        return { removed, accuracy: accuracyOf(confusion, [removed]), confusion };
      }),
    };
    return [name, result] as const;
  });
  const teachers = Object.fromEntries(results) as Record<TeacherName, TeacherResult>;
  return { seed, teachers, sampleLabels: measures[0]!.sampleLabels };
}

async function measureTeacher(
  model: tfl.LayersModel,
  images: Split,
  evaluationImages: Images,
): Promise<TeacherMeasures> {
  const sample = sampleOf(images);
  const { cmi, normalizedCmi } = await estimate(model, images.train);
  const { accuracy, crossEntropy } = await estimate(model, evaluationImages);
  return {
    accuracy,
    crossEntropy,
    cmi,
    normalizedCmi: normalizedCmi ?? 0,
    sampleLogits: [...(await readLogits(model, sample))],
    sampleLabels: [...sample.labels],
  };
}

/** Records the training of each teacher, epoch by epoch. */
function trainingHistory() {
  const keyOf = (plan: TeacherPlan) => JSON.stringify(plan.fineTuning);
  const histories = new Map<string | undefined, EpochReport[]>();
  return {
    async onTeacherEpoch(plan: TeacherPlan, epoch: number, model: tfl.LayersModel, images: Split) {
      const { cmi } = await estimate(model, sampleOf(images));
      const { accuracy } = await estimate(model, images.validation);
      const history = histories.get(keyOf(plan)) ?? [];
      histories.set(keyOf(plan), [...history, { epoch, cmi, accuracy }]);
    },

    /** The whole history of a teacher. Fine-tuning continues that of the CE teacher. */
    historyOf(plan: TeacherPlan): EpochReport[] {
      const start = histories.get(undefined)!;
      if (!plan.fineTuning) return start;
      const continued = histories.get(keyOf(plan))!.slice(1);
      const last = start.at(-1)!.epoch;
      return [...start, ...continued.map((report) => ({ ...report, epoch: last + report.epoch }))];
    },
  };
}
