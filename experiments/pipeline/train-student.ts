import * as tf from "@tensorflow/tfjs-core";
import { type Images, toLabels } from "../data/images.ts";
import { range } from "../data/order.ts";
import { kd, methods } from "../methods/index.ts";
import type { Batch, Method, Network } from "../methods/method.ts";
import { models } from "../models/index.ts";
import { type Draws, imagesIn } from "./draws.ts";
import { DEFAULT_ORDERS, type StudentPlan } from "./plan.ts";
import { createOptimizer } from "./schedule.ts";
import { imagesOf, type LogitsStore, sharedLogits } from "./shared-logits.ts";
import { teacherLogits } from "./teacher-logits.ts";
import { type AfterStep, classesOf, eachBatch, epochBatches, epochName } from "./training.ts";

/** Options of {@link trainStudent}. */
export interface StudentTraining {
  afterStep?: AfterStep;
  /** Keeps the teacher's logits of augmented images for other students of the same teacher. */
  store?: LogitsStore;
}

/**
 * Trains a student by the plan's method. It starts from the same weights and sees the same batches
 * for every teacher.
 *
 * @param student The images that the student sees, and their draws in an epoch.
 */
export async function trainStudent(
  plan: StudentPlan,
  teacher: Network,
  { images, draws }: { images: Images; draws: Draws },
  seed: number,
  onEpoch: (epoch: number) => void,
  { afterStep, store = new Map() }: StudentTraining = {},
) {
  const { network, schedule, strength = 1, orders = DEFAULT_ORDERS } = plan;
  const build = models[network];
  const numClasses = classesOf(teacher.model);
  const model = build({ inputShape: images.shape, numClasses, seed });
  const optimizer = createOptimizer(schedule);
  const toBatch = (
    inputs: tf.Tensor,
    places: readonly number[],
    draws: readonly number[],
  ): Batch => ({
    inputs,
    labels: toLabels(images, places),
    indices: tf.tensor1d([...places], "int32"),
    places: [...places],
    draws: [...draws],
  });
  const training = {
    model,
    images,
    schedule,
    draws,
    order: `${orders.batches} ${seed}`,
    afterStep,
  };
  function* firstStageBatches(epochs: number, name: string) {
    for (const epoch of range(epochs)) {
      for (const batch of epochBatches(training, epochName(`${name} ${seed}`, epoch))) {
        const { places, draws, inputs } = batch;
        if (places.length > 0) yield toBatch(tf.tidy(inputs), places, draws);
      }
    }
  }
  const logits = teacherLogits(teacher.model, images, schedule.augment ?? false);
  // Other methods read feature maps, which are too large to keep.
  const shared =
    schedule.augment && plan.method === "kd"
      ? sharedLogits({ model: teacher.model, store, images, draws, name: imagesOf(plan) })
      : undefined;
  const distillation = await methodOf(plan)({
    teacher,
    teacherLogits: (batch) => (shared ? shared.of(batch.draws) : logits.of(batch)),
    student: { model, maps: build.maps, embedding: build.embedding },
    optimizer,
    createOptimizer: () => createOptimizer(schedule),
    numClasses,
    labels: images.labels,
    imagesPerEpoch: imagesIn(draws),
    epochs: schedule.epochs,
    strength,
    seed,
    batches: firstStageBatches,
  });
  const step = (...batch: Parameters<typeof toBatch>) => distillation.step(toBatch(...batch));
  await eachBatch(training, optimizer, step, async (epoch) => {
    if (epoch < schedule.epochs) await shared?.prepare(epochName(training.order, epoch));
    onEpoch(epoch);
  });
  logits.dispose();
  distillation.dispose();
  optimizer.dispose();
  return model;
}

/** The plan's method, with the plan's settings or those of the table. */
function methodOf({ method, kd: settings }: StudentPlan): Method {
  if (method === "kd" && settings) return kd(settings);
  return methods[method];
}
