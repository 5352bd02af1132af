import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { checkLabels, kdLoss } from "kd-cmi";
import { accuracyOf, confusionOf } from "../common/confusion.ts";
import type { Progress } from "../common/jobs.ts";
import { type EpochReport, trainTeacher } from "../common/teacher.ts";
import { estimate, readLogits, train } from "../common/training.ts";
import { type Dataset, type Images, pick, toLabels } from "../data/images.ts";
import { range, shuffled } from "../data/order.ts";
import { studentNetwork, teacherNetwork } from "./models.ts";
import type { Recipe, Schedule } from "./recipe.ts";

/** Trained with cross-entropy; fine-tuned further with it; fine-tuned with CMI. */
export const TEACHERS = ["CE", "control", "MCMI"] as const;
export type TeacherName = (typeof TEACHERS)[number];

export interface ZeroShotResult {
  /** The class that the student never saw. */
  removed: number;
  /** Accuracy on the images of that class, 0–1. */
  accuracy: number;
  /** Rows: true class; columns: predicted class; counts. */
  confusion: number[][];
}

export interface TeacherResult {
  accuracy: number;
  crossEntropy: number;
  /** Of the training images, which are what the students see through the teacher; nats. */
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

/** Training images whose CMI is followed through the epochs, and whose logits the picture shows. */
const SAMPLE = 1000;

interface Split {
  train: Images;
  /** The first of the training images. */
  sample: Images;
  validation: Images;
  evaluation: Images;
}

/** Training and validation images drawn by the seed. */
function split(
  data: Dataset,
  { trainImages, validationImages, evaluate }: Recipe,
  seed: number,
): Split {
  const places = shuffled(range(data.train.labels.length), `split ${seed}`);
  const validation = pick(data.train, places.slice(0, validationImages));
  const train = pick(data.train, places.slice(validationImages, validationImages + trainImages));
  return {
    train,
    sample: pick(train, range(Math.min(SAMPLE, trainImages))),
    validation,
    evaluation: evaluate === "test" ? data.test : validation,
  };
}

/**
 * Everything for one seed: a teacher trained with cross-entropy, its two continuations of the same
 * length, and the students of all three, which start from the same weights and see the same batches.
 * Knows nothing of Node, so that it runs in a browser too.
 */
export async function runSeed(
  data: Dataset,
  recipe: Recipe,
  seed: number,
  onProgress: (progress: Progress) => void,
): Promise<SeedResult> {
  const images = split(data, recipe, seed);
  for (const part of [images.train, images.evaluation]) {
    const labels = toLabels(part, range(part.labels.length));
    await checkLabels(labels, data.classNames.length).finally(() => labels.dispose());
  }
  const advance = progressOf(recipe, onProgress);

  const teacher = teacherNetwork(seed);
  const history = await trainTeacher(teacher, images, recipe.teacher, 0, `CE ${seed}`, (epoch) =>
    advance(`teacher CE, epoch ${epoch} of ${recipe.teacher.epochs}`, teacherCost(recipe)),
  );
  const results: Partial<Record<TeacherName, TeacherResult>> = {};
  for (const name of TEACHERS) {
    const network = teacherNetwork(seed);
    network.setWeights(teacher.getWeights());
    const continued =
      name === "CE"
        ? []
        : await trainTeacher(
            network,
            images,
            recipe.fineTuning,
            name === "MCMI" ? recipe.lambda : 0,
            `fine-tuning ${seed}`,
            (epoch) =>
              advance(
                `teacher ${name}, epoch ${epoch} of ${recipe.fineTuning.epochs}`,
                teacherCost(recipe),
              ),
          );
    const last = recipe.teacher.epochs;
    const later = continued.slice(1).map((report) => ({ ...report, epoch: last + report.epoch }));
    const students = await distilAll(network, images, recipe, seed, (label, cost) =>
      advance(`student of ${name}, ${label}`, cost),
    );
    const { cmi, normalizedCmi } = await estimate(network, images.train);
    const { accuracy, crossEntropy } = await estimate(network, images.evaluation);
    results[name] = {
      accuracy,
      crossEntropy,
      cmi,
      normalizedCmi: normalizedCmi ?? 0,
      history: [...history, ...later],
      ...students,
      sampleLogits: [...(await readLogits(network, images.sample))],
    };
    network.dispose();
  }
  teacher.dispose();
  return {
    seed,
    teachers: results as Record<TeacherName, TeacherResult>,
    sampleLabels: [...images.sample.labels],
  };
}

/** The few-shot and the zero-shot students of a teacher. */
async function distilAll(
  teacher: tfl.LayersModel,
  { train: images, evaluation }: Split,
  recipe: Recipe,
  seed: number,
  advance: (label: string, cost: number) => void,
) {
  const logits = await readLogits(teacher, images);
  const total = images.labels.length;
  const distil = async (places: readonly number[], schedule: Schedule, label: string) => {
    const student = studentNetwork(seed);
    await distilInto(
      student,
      pick(images, places),
      pickRows(logits, places),
      recipe,
      schedule,
      `${label}, ${seed}`,
      (epoch) => {
        if (epoch > 0) advance(label, studentCost(places.length, schedule));
      },
    );
    const confusion = await confusionOf(student, evaluation);
    student.dispose();
    return confusion;
  };

  const fewShot: number[] = [];
  for (const share of recipe.shares) {
    const places = shuffled(range(total), `few-shot ${seed}`).slice(0, Math.round(share * total));
    const confusion = await distil(places, recipe.fewShot, `${100 * share} % of the images`);
    fewShot.push(accuracyOf(confusion));
  }
  const zeroShot: ZeroShotResult[] = [];
  for (const removed of recipe.removed) {
    const places = range(total).filter((place) => images.labels[place] !== removed);
    const confusion = await distil(
      places.slice(0, recipe.zeroShotImages),
      recipe.zeroShot,
      `without class ${removed}`,
    );
    zeroShot.push({ removed, accuracy: accuracyOf(confusion, [removed]), confusion });
  }
  return { fewShot, zeroShot };
}

/** α · kdLoss + (1 − α) · cross-entropy. */
async function distilInto(
  student: tfl.LayersModel,
  images: Images,
  teacherLogits: Float32Array,
  { alpha, temperature }: Recipe,
  schedule: Schedule,
  order: string,
  onEpoch: (epoch: number) => void,
): Promise<void> {
  const loss = (logits: tf.Tensor2D, places: readonly number[]) => {
    const rows = tf.tensor2d(pickRows(teacherLogits, places), [places.length, 10]);
    const soft = tf.mul(kdLoss(rows, logits, { temperature }), alpha);
    if (alpha === 1) return soft as tf.Scalar;
    const oneHot = tf.oneHot(toLabels(images, places), 10);
    const hard = tf.losses.softmaxCrossEntropy(oneHot, logits);
    return tf.add(soft, tf.mul(hard, 1 - alpha)) as tf.Scalar;
  };
  await train({ model: student, images, schedule, order }, loss, onEpoch);
}

function pickRows(logits: Float32Array, places: readonly number[]): Float32Array {
  const rows = new Float32Array(places.length * 10);
  for (const [i, place] of places.entries()) {
    rows.set(logits.subarray(place * 10, (place + 1) * 10), i * 10);
  }
  return rows;
}

/** Costs of an epoch in student steps: the teacher has ten times the parameters. */
const teacherCost = ({ trainImages, teacher }: Recipe) => (4 * trainImages) / teacher.batchSize;
const studentCost = (images: number, { batchSize }: Schedule) => Math.ceil(images / batchSize);

/** Adds up costs and reports which share of the whole is done. */
function progressOf(recipe: Recipe, onProgress: (progress: Progress) => void) {
  const students =
    recipe.fewShot.epochs *
      recipe.shares.reduce(
        (sum, s) => sum + studentCost(s * recipe.trainImages, recipe.fewShot),
        0,
      ) +
    recipe.zeroShot.epochs *
      recipe.removed.length *
      studentCost(recipe.zeroShotImages, recipe.zeroShot);
  const epochs = recipe.teacher.epochs + 2 * recipe.fineTuning.epochs;
  const total = epochs * teacherCost(recipe) + TEACHERS.length * students;
  let done = 0;
  return (label: string, cost: number) => {
    done += cost;
    onProgress({ done: Math.min(1, done / total), label });
  };
}
