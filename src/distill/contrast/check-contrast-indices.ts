import * as tf from "@tensorflow/tfjs-core";
import { checkInteger } from "../../internal/checks.ts";
import { checkContrastForm, checkRowIndices } from "./checks.ts";
import type { ContrastIndices } from "./types.ts";

/**
 * Reads indices back and checks that each is a row of the bank. The losses do not check them,
 * because that requires waiting for the GPU. Meant for indices that do not come from
 * {@link sampleContrastIndices}, once or for debugging.
 *
 * @param indices int32 [N], rows of samples, or int32 [N, K+1] or `{positives: [N], negatives:
 * [K]}` as in {@link crdLoss}.
 * @param size The number of rows of the bank.
 * @returns A promise that resolves if all are within 0…size−1.
 * @throws Rejects with the first invalid index, or if a shape, a dtype or `size` is not as
 * described.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { checkContrastIndices } from "kd-cmi";
 *
 * await checkContrastIndices(tf.tensor2d([[0, 4, 2], [1, 3, 3]], [2, 3], "int32"), 5);
 * ```
 */
export async function checkContrastIndices(
  indices: tf.Tensor1D | ContrastIndices,
  size: number,
): Promise<void> {
  const fn = "checkContrastIndices";
  checkInteger(fn, "size", size, 1);
  if (indices instanceof tf.Tensor && indices.rank === 1) checkRowIndices(fn, "indices", indices);
  else checkContrastForm(fn, indices as ContrastIndices);

  const parts = indices instanceof tf.Tensor ? { indices } : { ...indices };
  for (const [name, part] of Object.entries(parts)) {
    const values = await part.data();
    const at = values.findIndex((row) => !(row >= 0 && row < size));
    if (at < 0) continue;
    const [, columns] = part.shape;
    const place = columns ? [Math.floor(at / columns), at % columns] : [at];
    const expected = `within 0 to ${size - 1}`;
    throw new Error(`${fn}: ${name} must be ${expected}, got ${values[at]} at [${place}]`);
  }
}
