import * as tf from "@tensorflow/tfjs-core";
import { checkInteger } from "../../internal/checks.ts";
import { checkContrastForm, checkRowIndices } from "./checks.ts";
import type { ContrastIndices } from "./types.ts";

/**
 * Reads indices back and checks that each names a row of the bank, which the losses cannot do without
 * waiting for the GPU. Meant for indices that come from elsewhere than {@link sampleContrastIndices},
 * once or while looking for a fault.
 *
 * @param indices int32 [N], rows of samples; or int32 [N, K+1] or `{positives: [N], negatives: [K]}` as
 * {@link crdLoss} takes them.
 * @param size The number of rows of the bank.
 * @returns Resolves when all are within 0…size−1.
 * @throws Rejects with the first bad index, or if a shape, a dtype or `size` is not as described.
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
    const place = part.rank === 2 ? [Math.floor(at / part.shape[1]!), at % part.shape[1]!] : [at];
    const expected = `within 0 to ${size - 1}`;
    throw new Error(`${fn}: ${name} must be ${expected}, got ${values[at]} at [${place}]`);
  }
}
