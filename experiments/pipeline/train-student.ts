import * as tf from "@tensorflow/tfjs-core";
import { type Images, toLabels } from "../data/images.ts";
import { range } from "../data/order.ts";
import { kd, methods } from "../methods/index.ts";
import type { Batch, Method, Network } from "../methods/method.ts";
import { models } from "../models/index.ts";
import { type Draws, imagesIn } from "./draws.ts";
import { DEFAULT_ORDERS, type StudentPlan } from "./plan.ts";
import { createOptimizer } from "./schedule.ts";
import { teacherLogits } from "./teacher-logits.ts";
import { type AfterStep, classesOf, eachBatch, epochBatches } from "./training.ts";

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
  afterStep?: AfterStep,
) {
  const { network, schedule, orders = DEFAULT_ORDERS } = plan;
  const build = models[network];
  const numClasses = classesOf(teacher.model);
  const model = build({ inputShape: images.shape, numClasses, seed });
  const optimizer = createOptimizer(schedule);
  const toBatch = (inputs: tf.Tensor, places: readonly number[]): Batch => ({
    inputs,
    labels: toLabels(images, places),
    indices: tf.tensor1d([...places], "int32"),
    places: [...places],
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
      for (const batch of epochBatches(training, `${name} ${seed}, epoch ${epoch}`)) {
        if (batch.places.length > 0) yield toBatch(tf.tidy(batch.inputs), batch.places);
      }
    }
  }
  const logits = teacherLogits(teacher.model, images, schedule.augment ?? false);
  const distillation = await methodOf(plan)({
    teacher,
    teacherLogits: logits.of,
    student: { model, maps: build.maps, embedding: build.embedding },
    optimizer,
    createOptimizer: () => createOptimizer(schedule),
    numClasses,
    labels: images.labels,
    imagesPerEpoch: imagesIn(draws),
    epochs: schedule.epochs,
    seed,
    batches: firstStageBatches,
  });
  const step = (inputs: tf.Tensor, places: readonly number[]) =>
    distillation.step(toBatch(inputs, places));
  await eachBatch(training, optimizer, step, onEpoch);
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
