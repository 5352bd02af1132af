import * as tf from "@tensorflow/tfjs-core";
import seedrandom from "seedrandom";
import { range } from "../data/order.ts";
import type { Setup } from "./method.ts";

/**
 * Draws CRD's rows for a batch, int32 [N, K+1]: each image's own row, then K rows of other classes. As
 * in RepDistiller, they are drawn without replacement unless there are fewer than K.
 */
export function fromOtherClasses(
  { labels, numClasses, seed }: Pick<Setup, "labels" | "numClasses" | "seed">,
  count: number,
): (places: readonly number[]) => tf.Tensor2D {
  const rows = range(labels.length);
  const others = range(numClasses).map((c) => rows.filter((row) => labels[row] !== c));
  const random = seedrandom.alea(`negatives ${seed}`);
  return (places) =>
    tf.tensor2d(
      places.map((place) => [place, ...draw(others[labels[place]!]!, count, random)]),
      [places.length, 1 + count],
      "int32",
    );
}

/** A partial Fisher–Yates shuffle: moves the drawn rows to the front. */
function draw(rows: number[], count: number, random: () => number): number[] {
  const below = (n: number) => Math.floor(random() * n);
  if (rows.length === 0)
    throw new Error("method crd: images must be of at least two classes, got one");
  if (count > rows.length) return range(count).map(() => rows[below(rows.length)]!);
  for (const i of range(count)) {
    const j = i + below(rows.length - i);
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  return rows.slice(0, count);
}
