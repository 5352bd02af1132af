import type * as tfl from "@tensorflow/tfjs-layers";
import { sum } from "d3-array";
import type { Images } from "../data/images.ts";
import { range } from "../data/order.ts";
import { classesOf, readLogits } from "./training.ts";

/** The class that a model predicts for each image. */
export async function predictionsOf(model: tfl.LayersModel, images: Images): Promise<number[]> {
  const logits = await readLogits(model, images);
  const count = classesOf(model);
  return range(images.labels.length).map((i) => {
    const row = logits.subarray(i * count, (i + 1) * count);
    return row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  });
}

/** The confusion matrix of a model in counts. Rows: true class; columns: predicted class. */
export async function confusionOf(model: tfl.LayersModel, images: Images): Promise<number[][]> {
  const predictions = await predictionsOf(model, images);
  const classes = range(classesOf(model));
  const confusion = classes.map(() => classes.map(() => 0));
  for (const [i, label] of images.labels.entries()) confusion[label]![predictions[i]!]! += 1;
  return confusion;
}

/** Accuracy on the images of some classes, all by default; 0–1. */
export function accuracyOf(
  confusion: readonly (readonly number[])[],
  classes: readonly number[] = range(confusion.length),
): number {
  const hits = sum(classes, (label) => confusion[label]![label]);
  return hits / sum(classes, (label) => sum(confusion[label]!));
}
