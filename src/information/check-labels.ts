import * as tf from "@tensorflow/tfjs-core";
import { checkInteger, checkTensor } from "../internal/checks.ts";

/**
 * Reads labels back and checks their values. The losses do not check them, because that requires
 * waiting for the GPU. Call it once on a data set, before training.
 *
 * @param labels int32 class indices [N], each within 0…C−1, or one-hot [N, C], each row a single 1
 * among zeros.
 * @param numClasses C, the number of classes.
 * @returns A promise that resolves if all labels are valid.
 * @throws Rejects with the first invalid row, or if `labels` has another dtype or shape or
 * `numClasses` is not an integer of at least 1.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { checkLabels } from "kd-cmi";
 *
 * await checkLabels(tf.tensor1d([0, 2, 1], "int32"), 3);
 * ```
 */
export async function checkLabels(labels: tf.Tensor, numClasses: number): Promise<void> {
  checkInteger("checkLabels", "numClasses", numClasses, 1);
  const isIndex = labels instanceof tf.Tensor && labels.rank === 1 && labels.dtype === "int32";
  const isOneHot =
    labels instanceof tf.Tensor && labels.rank === 2 && labels.shape[1] === numClasses;
  if (!isIndex && !isOneHot) {
    const expected = `int32 class indices [batch] or one-hot [batch,${numClasses}]`;
    const got = labels instanceof tf.Tensor ? `${labels.dtype} [${labels.shape}]` : typeof labels;
    throw new Error(`checkLabels: labels must be ${expected}, got ${got}`);
  }
  checkTensor("checkLabels", "labels", labels);
  const indices = readIndices(await labels.data(), labels.shape, numClasses);
  const row = indices.indexOf(-1);
  if (row < 0) return;
  const expected = isIndex ? `within 0 to ${numClasses - 1}` : "one-hot";
  throw new Error(`checkLabels: labels must be ${expected}, row ${row} is not`);
}

/** Class indices of labels that were read back; −1 for invalid labels. */
export function readIndices(
  values: ArrayLike<number>,
  shape: readonly number[],
  numClasses: number,
): Int32Array {
  if (shape.length === 1 || shape[1] === 1) {
    return Int32Array.from(values, (y) => (y >= 0 && y < numClasses ? y : -1));
  }
  return Int32Array.from({ length: shape[0]! }, (_, row) => {
    const entries = Array.from({ length: numClasses }, (_, c) => values[row * numClasses + c]);
    const isOneHot = entries.every((x) => x === 0 || x === 1);
    return isOneHot && entries.indexOf(1) === entries.lastIndexOf(1) ? entries.indexOf(1) : -1;
  });
}

/** Throws if an estimator has encountered invalid labels. */
export function checkBadLabels(fn: string, badLabels: number, numClasses: number): void {
  if (badLabels === 0) return;
  const expected = `one-hot or within 0 to ${numClasses - 1}`;
  throw new Error(`${fn}: labels must be ${expected}, ${badLabels} are not`);
}
