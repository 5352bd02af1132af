import * as tf from "@tensorflow/tfjs-core";
import { sliceRows } from "../../ops/slice-rows.ts";

/** Parts of a batch that are worked on one after the other. */
const PARTS = 16;

/** A batch of no more numbers (4 MB) is not worth a division. */
const SMALL = 2 ** 20;

/** How many images to take at a time, so that a few copies of these stay far below the batch. */
export const chunkSize = ({ size, shape: [n] }: tf.Tensor4D): number =>
  size <= SMALL ? n : Math.ceil(n / PARTS);

/** Applies a function to some images at a time and joins what it returns. */
export function mapChunks<T extends tf.Tensor>(
  x: tf.Tensor4D,
  size: number,
  f: (chunk: tf.Tensor4D) => T,
): T {
  return tf.tidy(() => {
    const results = starts(x, size).map((first) => tf.tidy(() => f(takeImages(x, first, size))));
    return results.length === 1 ? results[0]! : (tf.concat(results) as T);
  });
}

/** The sum of what a function returns for some images at a time, with one result in memory. */
export function sumChunks<T extends tf.Tensor>(
  x: tf.Tensor4D,
  size: number,
  f: (chunk: tf.Tensor4D) => T,
): T {
  return starts(x, size).reduce<T | undefined>((total, first) => {
    const next = tf.tidy(() => {
      const part = f(takeImages(x, first, size));
      return total ? (tf.add(total, part) as T) : part;
    });
    total?.dispose();
    return next;
  }, undefined)!;
}

const starts = ({ shape: [n] }: tf.Tensor4D, size: number): number[] =>
  Array.from({ length: Math.ceil(n / size) }, (_, i) => i * size);

/** At most `size` images from `first` on. */
const takeImages = (x: tf.Tensor4D, first: number, size: number): tf.Tensor4D =>
  sliceRows(x, first, Math.min(size, x.shape[0] - first));
