import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { type Images, toInputs, toLabels } from "../../experiments/data/images.ts";
import { batches, range, shuffled } from "../../experiments/data/order.ts";
import { studentNetwork, teacherNetwork } from "./networks.ts";

/** What a program works on, and where it says what happens. */
export interface Setup {
  /** The teacher has more images than the student. */
  teacherImages: Images;
  studentImages: Images;
  testImages: Images;
  /** Of the student's training. */
  epochs: number;
  log: (line: string) => void;
}

export interface Batch {
  /** float32 [N, 784] */
  inputs: tf.Tensor2D;
  /** int32 [N] */
  labels: tf.Tensor1D;
  /** Where the images stand in the data set. */
  places: number[];
}

/** Accuracies are on test images, 0–1. */
export interface Comparison {
  /** The mean of each epoch. */
  losses: number[];
  distilled: number;
  alone: number;
}

const BATCH_SIZE = 64;
const TEACHER_EPOCHS = 4;
export const LEARNING_RATE = 2e-3;

export const crossEntropy = (labels: tf.Tensor1D, logits: tf.Tensor): tf.Scalar =>
  tf.losses.softmaxCrossEntropy(tf.oneHot(labels, 10), logits);

/** Shuffles and cuts into batches each epoch; returns the mean loss of each. */
export async function train(
  images: Images,
  epochs: number,
  step: (batch: Batch) => tf.Scalar,
  log: (line: string) => void = () => {},
): Promise<number[]> {
  const losses: number[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = shuffled(range(images.labels.length), `epoch ${epoch}`);
    const parts = batches(order, BATCH_SIZE).map((places) =>
      tf.tidy(() =>
        step({ inputs: toInputs(images, places), labels: toLabels(images, places), places }),
      ),
    );
    const mean = tf.tidy(() => tf.mean(tf.stack(parts)));
    losses.push((await mean.data())[0]!);
    tf.dispose([mean, ...parts]);
    const isShown = epoch === 1 || epoch % 10 === 0 || epoch === epochs;
    if (isShown) log(`  epoch ${epoch}: loss ${losses.at(-1)!.toFixed(4)}`);
  }
  return losses;
}

/** Trains with cross-entropy. */
export async function trainOnLabels(model: tfl.LayersModel, images: Images, epochs: number) {
  const optimizer = tf.train.adam(LEARNING_RATE);
  await train(images, epochs, ({ inputs, labels }) => {
    const loss = () => crossEntropy(labels, model.apply(inputs) as tf.Tensor);
    return optimizer.minimize(loss, true)!;
  });
  optimizer.dispose();
}

/** The teacher, trained on its images. */
export async function trainTeacher({ teacherImages, testImages, log }: Setup) {
  const teacher = teacherNetwork();
  await trainOnLabels(teacher, teacherImages, TEACHER_EPOCHS);
  log(`  teacher: accuracy ${percent(await accuracyOf(teacher, testImages))}`);
  return teacher;
}

/** Sets a student that was distilled beside one of the same start and batches that was not. */
export async function compare(
  student: tfl.LayersModel,
  losses: number[],
  { studentImages, testImages, epochs, log }: Setup,
): Promise<Comparison> {
  const other = studentNetwork();
  await trainOnLabels(other, studentImages, epochs);
  const distilled = await accuracyOf(student, testImages);
  const alone = await accuracyOf(other, testImages);
  log(`  student: accuracy ${percent(distilled)}, without distillation ${percent(alone)}`);
  return { losses, distilled, alone };
}

async function accuracyOf(model: tfl.LayersModel, images: Images): Promise<number> {
  let hits = 0;
  for (const places of batches(range(images.labels.length), 500)) {
    const predicted = tf.tidy(() =>
      tf.argMax(model.apply(toInputs(images, places)) as tf.Tensor, 1),
    );
    const classes = await predicted.data();
    hits += places.filter((place, i) => classes[i] === images.labels[place]).length;
    predicted.dispose();
  }
  return hits / images.labels.length;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
