import * as tf from "@tensorflow/tfjs-core";

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

/**
 * At most `size` images from `first` on. wasm's slice copies its whole input; gatherND copies just the rows, but is
 * slow elsewhere.
 */
function takeImages(x: tf.Tensor4D, first: number, size: number): tf.Tensor4D {
  const end = Math.min(first + size, x.shape[0]);
  if (first === 0 && end === x.shape[0]) return x;
  if (tf.getBackend() !== "wasm") return tf.slice(x, first, end - first);
  const indices = Array.from({ length: end - first }, (_, i) => [first + i]);
  return tf.gatherND(x, tf.tensor2d(indices, undefined, "int32")) as tf.Tensor4D;
}
