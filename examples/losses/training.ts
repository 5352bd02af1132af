import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { range, shuffler } from "d3-array";
import seedrandom from "seedrandom";
import { studentNetwork, teacherNetwork } from "./networks.ts";

/** Images and their classes. */
export interface Images {
  /** float32 [N, 784], within 0–1 */
  inputs: tf.Tensor2D;
  /** int32 [N] */
  labels: tf.Tensor1D;
}

export interface Batch extends Images {
  /** Row indices of the images in the data set, int32 [N] */
  indices: tf.Tensor1D;
}

/** The data of a program, and where it reports. */
export interface Setup {
  /** The teacher sees more images than the student. */
  teacherImages: Images;
  studentImages: Images;
  testImages: Images;
  /** Epochs of the student's training. */
  epochs: number;
  log: (line: string) => void;
}

/** Accuracies are measured on test images, 0–1. */
export interface Comparison {
  /** The mean loss of each epoch. */
  losses: number[];
  distilled: number;
  alone: number;
}

const BATCH_SIZE = 64;
const TEACHER_EPOCHS = 4;
export const LEARNING_RATE = 2e-3;

export const crossEntropy = (labels: tf.Tensor1D, logits: tf.Tensor): tf.Scalar =>
  tf.losses.softmaxCrossEntropy(tf.oneHot(labels, 10), logits);

/** The shuffled batches of an epoch. The caller disposes of them. */
export function* batchesOf({ inputs, labels }: Images, epoch: string): Generator<Batch> {
  const order = shuffler(seedrandom.alea(epoch))(range(labels.shape[0]));
  for (let start = 0; start < order.length; start += BATCH_SIZE) {
    const indices = tf.tensor1d(order.slice(start, start + BATCH_SIZE), "int32");
    yield { inputs: tf.gather(inputs, indices), labels: tf.gather(labels, indices), indices };
  }
}

/** Trains by a step on each batch. Returns the mean loss of each epoch. */
export async function train(
  images: Images,
  epochs: number,
  step: (batch: Batch) => tf.Scalar,
  log: (line: string) => void = () => {},
): Promise<number[]> {
  const losses: number[] = [];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const parts: tf.Scalar[] = [];
    for (const batch of batchesOf(images, `epoch ${epoch}`)) {
      parts.push(tf.tidy(() => step(batch)));
      tf.dispose({ ...batch });
    }
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

/** The teacher, trained on its images with cross-entropy. */
export async function trainTeacher({ teacherImages, testImages, log }: Setup) {
  const teacher = teacherNetwork();
  await trainOnLabels(teacher, teacherImages, TEACHER_EPOCHS);
  log(`  teacher: accuracy ${percent(await accuracyOf(teacher, testImages))}`);
  return teacher;
}

/** Trains the student by a distillation step on each batch, and compares it. */
export async function distil(
  setup: Setup,
  student: tfl.LayersModel,
  step: (batch: Batch) => tf.Scalar,
): Promise<Comparison> {
  const { studentImages, epochs, log } = setup;
  return compare(student, await train(studentImages, epochs, step, log), setup);
}

/** Compares a distilled student with one that was trained on labels from the same initial weights. */
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

async function accuracyOf(model: tfl.LayersModel, { inputs, labels }: Images): Promise<number> {
  const hits = tf.tidy(() => {
    const predicted = tf.argMax(model.apply(inputs) as tf.Tensor2D, 1);
    return tf.sum(tf.cast(tf.equal(predicted, labels), "int32"));
  });
  const [count] = await hits.data();
  hits.dispose();
  return count! / labels.shape[0];
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
