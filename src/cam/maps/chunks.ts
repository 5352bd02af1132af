import * as tf from "@tensorflow/tfjs-core";
import { sliceRows } from "../../ops/slice-rows.ts";

/** Number of parts of a batch that are processed one after the other. */
const PARTS = 16;

/** Batches of at most this many numbers (4 MB) are not split. */
const SMALL = 1_048_576;

/**
 * Images to process at a time, so that a few copies of them need far less memory than the batch.
 */
export const chunkSize = ({ size, shape: [n] }: tf.Tensor4D): number =>
  size <= SMALL ? n : Math.ceil(n / PARTS);

/** Applies a function to some images at a time and concatenates its results. */
export function mapChunks<T extends tf.Tensor>(
  x: tf.Tensor4D,
  size: number,
  f: (chunk: tf.Tensor4D) => T,
): T {
  return tf.tidy(() =>
    tf.concat(starts(x, size).map((first) => tf.tidy(() => f(takeImages(x, first, size))))),
  );
}

/** Sums the results of a function for some images at a time, with one result in memory. */
export function sumChunks<T extends tf.Tensor>(
  x: tf.Tensor4D,
  size: number,
  f: (chunk: tf.Tensor4D) => T,
): T {
  const resultFrom = (first: number) => tf.tidy(() => f(takeImages(x, first, size)));
  return starts(x, size)
    .slice(1)
    .reduce((total, first) => {
      const next = tf.tidy((): T => tf.add(total, resultFrom(first)));
      total.dispose();
      return next;
    }, resultFrom(0));
}

const starts = ({ shape: [n] }: tf.Tensor4D, size: number): number[] =>
  Array.from({ length: Math.ceil(n / size) }, (_, i) => i * size);

/** At most `size` images from `first` on. */
const takeImages = (x: tf.Tensor4D, first: number, size: number): tf.Tensor4D =>
  sliceRows(x, first, Math.min(size, x.shape[0] - first));
