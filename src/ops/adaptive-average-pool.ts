import * as tf from "@tensorflow/tfjs-core";
import { batchProduct } from "./batch-product.ts";

/** [height, width] of feature maps. */
export type MapSize = readonly [height: number, width: number];

/**
 * Average pooling of NHWC maps to a given size, like PyTorch's `adaptive_avg_pool2d`: along an
 * axis, output i of `out` is the mean of the inputs ⌊i · in / out⌋ … ⌈(i + 1) · in / out⌉ − 1. If
 * `out` does not divide `in`, neighbouring windows overlap.
 */
export function adaptiveAveragePool(x: tf.Tensor4D, [height, width]: MapSize): tf.Tensor4D {
  const [batch, h, w, channels] = x.shape;
  if (h === height && w === width) return x;
  if (h % height === 0 && w % width === 0) {
    const window: [number, number] = [h / height, w / width];
    return tf.avgPool(x, window, window, "valid");
  }
  const rows = alongAxis(x, poolingMatrix(h, height), batch);
  return tf.reshape(alongAxis(rows, poolingMatrix(w, width), batch * height), [
    batch,
    height,
    width,
    channels,
  ]);
}

/**
 * The adjoint of {@link adaptiveAveragePool}: maps a gradient with respect to its result to one
 * with respect to its input of the given shape.
 */
export function adaptiveAveragePoolGradient(
  dy: tf.Tensor4D,
  [batch, h, w, channels]: tf.Tensor4D["shape"],
): tf.Tensor4D {
  const [, height, width] = dy.shape;
  if (h === height && w === width) return dy;
  if (h % height === 0 && w % width === 0) {
    // Each input of a window gets the same share. A product broadcasts fast on all backends.
    const [rows, columns] = [h / height, w / width];
    const blocks = tf.reshape(dy, [batch * height, 1, width, 1, channels]);
    const shares = tf.fill([1, rows, 1, columns, 1], 1 / (rows * columns));
    return tf.reshape(tf.mul(blocks, shares), [batch, h, w, channels]);
  }
  const columns = alongAxis(dy, transpose(poolingMatrix(w, width)), batch * height);
  return tf.reshape(alongAxis(columns, transpose(poolingMatrix(h, height)), batch), [
    batch,
    h,
    w,
    channels,
  ]);
}

/** matrix · x[n] for each of the `entries` matrices in x. */
function alongAxis(x: tf.Tensor, matrix: number[][], entries: number): tf.Tensor {
  const inputs = matrix[0]!.length;
  if (matrix.length === inputs) return x;
  return batchProduct(tf.tensor3d([matrix]), tf.reshape(x, [entries, inputs, -1]));
}

/** The weight of each input in each output: a row per output, a column per input. */
function poolingMatrix(inputs: number, outputs: number): number[][] {
  return Array.from({ length: outputs }, (_, i) => {
    const start = Math.floor((i * inputs) / outputs);
    const end = Math.ceil(((i + 1) * inputs) / outputs);
    return Array.from({ length: inputs }, (_, j) =>
      j >= start && j < end ? 1 / (end - start) : 0,
    );
  });
}

const transpose = (matrix: number[][]) => matrix[0]!.map((_, j) => matrix.map((row) => row[j]!));
