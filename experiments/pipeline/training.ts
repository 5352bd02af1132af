import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { CmiEstimator } from "kd-cmi";
import { setLearningRate } from "kd-cmi/layers";
import { cropAndFlip } from "../data/augment.ts";
import { type Images, toImageInputs, toInputs, toLabels } from "../data/images.ts";
import { batches, range, shuffled } from "../data/order.ts";
import { type Draws, eachOnce } from "./draws.ts";
import { createOptimizer, learningRateAt, type Schedule } from "./schedule.ts";

/** Samples in a forward pass. */
const PASS = 500;

/** Images as the model takes them, [places, height, width, channels] or flat. */
export const inputsOf = (model: tfl.LayersModel, images: Images, places: readonly number[]) =>
  (model.inputs[0]!.rank === 2 ? toInputs : toImageInputs)(images, places);

export const classesOf = (model: tfl.LayersModel): number => model.outputs[0]!.shape[1]!;

/** The logits of a model for some of the images, [places, classes]. */
export const logitsOf = (model: tfl.LayersModel, images: Images, places: readonly number[]) =>
  model.apply(inputsOf(model, images, places)) as tf.Tensor2D;

/** All places in the images, in passes that need little memory. */
export const passesOf = (images: Images) => batches(range(images.labels.length), PASS);

/** Estimates CMI, accuracy and cross-entropy over images. */
export async function estimate(model: tfl.LayersModel, images: Images) {
  const estimator = new CmiEstimator({ numClasses: classesOf(model) });
  for (const places of passesOf(images)) {
    let counted = Promise.resolve();
    tf.tidy(() => {
      counted = estimator.update(toLabels(images, places), logitsOf(model, images, places));
    });
    await counted;
  }
  return estimator.result();
}

/** Reads back the logits of a model for all images, [images · classes]. */
export async function readLogits(model: tfl.LayersModel, images: Images): Promise<Float32Array> {
  const all = new Float32Array(images.labels.length * classesOf(model));
  for (const places of passesOf(images)) {
    const logits = tf.tidy(() => logitsOf(model, images, places));
    all.set(await logits.data<"float32">(), places[0]! * classesOf(model));
    logits.dispose();
  }
  return all;
}

/** A training run on shuffled batches. */
export interface Training {
  model: tfl.LayersModel;
  images: Images;
  schedule: Schedule;
  /** The draws of an epoch; by default, each image once. */
  draws?: Draws;
  /** Names the order of the batches. Two runs with the same name see the same batches. */
  order: string;
  /** Stops the run after this many epochs of the schedule; by default after the last one. */
  until?: number;
  /** Awaited after each step. A page shows the model and pauses the run here. */
  afterStep?: AfterStep | undefined;
}

/**
 * @param model The model after the step.
 * @param done The number of steps done, of `steps` in the schedule.
 */
export type AfterStep = (
  model: tfl.LayersModel,
  done: number,
  steps: number,
) => void | Promise<void>;

/**
 * Trains a model.
 *
 * @param loss Computes the loss of the images at `places`, which the model maps to `logits`.
 * @param onEpoch Called before each epoch, and after the last one with the number of epochs done.
 */
export async function train(
  training: Training,
  loss: (logits: tf.Tensor2D, places: readonly number[]) => tf.Scalar,
  onEpoch: (epoch: number) => void | Promise<void>,
): Promise<void> {
  const { model, schedule } = training;
  const optimizer = createOptimizer(schedule);
  const step = (inputs: tf.Tensor, places: readonly number[]) =>
    optimizer.minimize(() => loss(model.apply(inputs, { training: true }) as tf.Tensor2D, places));
  await eachBatch(training, optimizer, step, onEpoch);
  optimizer.dispose();
}

/** The loop of {@link train} with any step. A batch without images is a step of the schedule only. */
export async function eachBatch(
  training: Training,
  optimizer: tf.Optimizer,
  step: (inputs: tf.Tensor, places: readonly number[], draws: readonly number[]) => unknown,
  onEpoch: (epoch: number) => void | Promise<void>,
): Promise<void> {
  const { model, images, schedule, order, draws = eachOnce(images), afterStep } = training;
  const { until = schedule.epochs } = training;
  const steps = schedule.epochs * Math.ceil(draws.count / schedule.batchSize);
  let done = 0;
  for (let epoch = 0; epoch < until; epoch++) {
    await onEpoch(epoch);
    // Yields to the event loop so that the process can be stopped. Hidden tabs get no frames, and
    // `afterStep` yields as its page needs it.
    if (!afterStep) await tf.nextFrame();
    for (const batch of epochBatches(training, epochName(order, epoch))) {
      setLearningRate(optimizer, learningRateAt(schedule, done / steps));
      if (batch.places.length > 0)
        tf.tidy(() => void step(batch.inputs(), batch.places, batch.draws));
      done += 1;
      await afterStep?.(model, done, steps);
    }
  }
  await onEpoch(until);
}

/** Names the order and the augmentation of an epoch. */
export const epochName = (order: string, epoch: number): string => `${order}, epoch ${epoch}`;

/**
 * The batches of an epoch in the order that a name fixes, augmented if the schedule says so. The caller
 * disposes of the inputs.
 */
export function* epochBatches(
  { model, images, schedule, draws = eachOnce(images) }: Omit<Training, "order">,
  name: string,
) {
  for (const drawn of batches(shuffled(range(draws.count), name), schedule.batchSize)) {
    const kept = drawn.filter((draw) => draws.placeOf(draw) !== undefined);
    const places = kept.map((draw) => draws.placeOf(draw)!);
    const inputs = () => {
      if (!schedule.augment) return inputsOf(model, images, places);
      const augmented = cropAndFlip(images, places, name, kept);
      return inputsOf(model, augmented, range(places.length));
    };
    yield { places, draws: kept, inputs };
  }
}
