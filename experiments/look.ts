import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { CmiEstimator } from "kd-cmi";
import { accuracyOf, confusionOf } from "./common/confusion.ts";
import { scoreMaps } from "./common/maps.ts";
import { classesOf, estimate, readLogits } from "./common/training.ts";
import { type Images, pick, toLabels } from "./data/images.ts";
import { batches, range, shuffled } from "./data/order.ts";
import type { MapsOutcome, Plan, StudentOutcome, StudentPlan, TeacherOutcome } from "./plan.ts";
import type { Split } from "./split.ts";

export async function lookAtTeacher(
  model: tfl.LayersModel,
  images: Split,
): Promise<TeacherOutcome> {
  const { cmi, normalizedCmi } = await estimate(model, images.train);
  const validation = await estimate(model, images.validation);
  const test = await estimate(model, images.test);
  return {
    accuracy: { validation: validation.accuracy, test: test.accuracy },
    crossEntropy: { validation: validation.crossEntropy, test: test.crossEntropy },
    cmi,
    normalizedCmi,
  };
}

/** By EigenCAM. */
export async function lookAtMaps(
  model: tfl.LayersModel,
  { layer, images: count }: NonNullable<Plan["maps"]>,
  test: Images,
): Promise<MapsOutcome> {
  const chosen = shuffled(range(test.labels.length), "test").slice(0, count);
  const { cmi, coverage, divergence } = await scoreMaps(model, layer, "eigen", pick(test, chosen));
  return { cmi, coverage, divergence };
}

export async function lookAtStudent(
  model: tfl.LayersModel,
  images: Split,
  { removed }: StudentPlan,
): Promise<StudentOutcome> {
  const validation = await confusionOf(model, images.validation);
  const test = await confusionOf(model, images.test);
  const perClass = (confusion: number[][]) =>
    confusion.map((_, label) => accuracyOf(confusion, [label]));
  return {
    accuracy: { validation: accuracyOf(validation), test: accuracyOf(test) },
    perClass: { validation: perClass(validation), test: perClass(test) },
    ...(removed.length > 0 && { confusion: test }),
  };
}

/** I(X;Ŷ|Y) of the outputs for some images, softened by a temperature; nats. */
export async function softCmi(model: tfl.LayersModel, images: Images, temperature: number) {
  const classes = classesOf(model);
  const logits = await readLogits(model, images);
  const estimator = new CmiEstimator({ numClasses: classes });
  for (const places of batches(range(images.labels.length), 5000)) {
    const [first, last] = [places[0]!, places.at(-1)!];
    const rows = logits.slice(first * classes, (last + 1) * classes).map((z) => z / temperature);
    let counted = Promise.resolve();
    tf.tidy(() => {
      const softened = tf.tensor2d(rows, [places.length, classes]);
      counted = estimator.update(toLabels(images, places), softened);
    });
    await counted;
  }
  return (await estimator.result()).cmi;
}
