import * as tf from "@tensorflow/tfjs-core";
import { matMul } from "./mat-mul.ts";
import { runOp } from "./run-op.ts";
import { sliceRows } from "./slice-rows.ts";
import { transposeMatrix } from "./transpose-matrix.ts";

/** Multiplications per batch entry from which a separate call is faster on wasm. Measured. */
const WORTH_A_CALL = 46_656; // 36³

/** Which operands of a product are transposed. */
interface Transposed {
  a?: boolean;
  b?: boolean;
}

/**
 * The matrix products a[n] · b[n] of a batch: [N, R, K] and [N, K, C] → [N, R, C]. If `a` has a
 * single entry, it is multiplied by every entry of `b`. No gradient is defined.
 *
 * `tf.matMul` on wasm multiplies plain matrices about 10 times as fast as batches or transposed
 * ones (35 against 3.5 GFLOP/s), so large entries are multiplied one by one there. On webgpu it
 * splits long products of a single entry, and the result is wrong from inner sizes of about 2000 on
 * if `b` is flagged as transposed, so `b` is transposed first there (tfjs 4.22).
 */
export function batchProduct(
  a: tf.Tensor3D,
  b: tf.Tensor3D,
  { a: transposeA = false, b: transposeB = false }: Transposed = {},
): tf.Tensor3D {
  return runOp("KdCmiBatchProduct", { a, b }, { transposeA, transposeB }, () => {
    const [, rows, inner] = a.shape;
    const multiplications = rows * inner * b.shape[transposeB ? 1 : 2];
    if (prefersSingleProducts() && multiplications >= WORTH_A_CALL) {
      return productsOneByOne(a, b, transposeA, transposeB);
    }
    const isSingle = transposeB && b.shape[0] === 1;
    const right = isSingle ? tf.transpose(b, [0, 2, 1]) : b;
    return matMul(a, right, transposeA, transposeB && !isSingle);
  });
}

/** Whether the current backend multiplies single matrices much faster than batches of them. */
export const prefersSingleProducts = (): boolean => tf.getBackend() === "wasm";

function productsOneByOne(
  a: tf.Tensor3D,
  b: tf.Tensor3D,
  transposeA: boolean,
  transposeB: boolean,
): tf.Tensor3D {
  const entry = (x: tf.Tensor3D, n: number, isTransposed: boolean): tf.Tensor2D => {
    const matrix: tf.Tensor2D = tf.reshape(sliceRows(x, n, 1), [x.shape[1], x.shape[2]]);
    return isTransposed ? transposeMatrix(matrix) : matrix;
  };
  const shared = a.shape[0] === 1 ? entry(a, 0, transposeA) : undefined;
  const products = Array.from({ length: b.shape[0] }, (_, n) =>
    tf.tidy((): tf.Tensor2D => matMul(shared ?? entry(a, n, transposeA), entry(b, n, transposeB))),
  );
  return products.length === 1 ? tf.expandDims(products[0]!) : (tf.stack(products) as tf.Tensor3D);
}
