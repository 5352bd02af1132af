import * as tf from "@tensorflow/tfjs-core";
import { createOptimizer } from "./common/optimizer.ts";
import { classesOf, eachBatch, inputsOf } from "./common/training.ts";
import { type Images, toLabels } from "./data/images.ts";
import { batches, range, shuffled } from "./data/order.ts";
import { kd, methods } from "./methods/index.ts";
import type { Batch, Method, Network } from "./methods/method.ts";
import { models } from "./models/index.ts";
import type { StudentPlan } from "./plan.ts";
import { teacherLogits } from "./teacher-logits.ts";

/**
 * A student trained by the plan's method; it starts from the same weights and sees the same batches
 * whatever the teacher.
 *
 * @param images What the student sees.
 */
export async function trainStudent(
  plan: StudentPlan,
  teacher: Network,
  images: Images,
  seed: number,
  onEpoch: (epoch: number) => void,
) {
  const { network, schedule } = plan;
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
  function* beforehand(epochs: number, name: string) {
    for (const epoch of range(epochs)) {
      const order = shuffled(range(images.labels.length), `${name} ${seed}, epoch ${epoch}`);
      for (const places of batches(order, schedule.batchSize)) {
        yield toBatch(inputsOf(model, images, places), places);
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
    epochs: schedule.epochs,
    seed,
    batches: beforehand,
  });
  const step = (inputs: tf.Tensor, places: readonly number[]) =>
    distillation.step(toBatch(inputs, places));
  const training = { model, images, schedule, order: `student ${seed}` };
  await eachBatch(training, optimizer, step, onEpoch);
  logits.dispose();
  distillation.dispose();
  optimizer.dispose();
  return model;
}

/** With the plan's settings, or as in the table. */
function methodOf({ method, kd: soft }: StudentPlan): Method {
  if (method === "kd" && soft) return kd(soft);
  return methods[method];
}
