import * as tf from "@tensorflow/tfjs-core";

/** Multiplications in one entry of a batch from which wasm gains by a call of its own; measured. */
const WORTH_A_CALL = 36 ** 3;

/** Rows that are transposed together. */
const BLOCK = 32;

/** Which operands of a product are transposed. */
interface Transposed {
  a?: boolean;
  b?: boolean;
}

/**
 * The matrix products a[n] · b[n] of a batch; an `a` with a single entry is multiplied with every
 * entry of `b`.
 *
 * The wasm backend multiplies plain matrices about 10 times faster than batches or transposed
 * ones, so there large entries are multiplied one by one.
 */
export function batchProduct(
  a: tf.Tensor3D,
  b: tf.Tensor3D,
  { a: transposeA = false, b: transposeB = false }: Transposed = {},
): tf.Tensor3D {
  const [, rowsA, columnsA] = a.shape;
  const multiplications = rowsA * columnsA * b.shape[transposeB ? 1 : 2];
  return tf.tidy(() => {
    if (tf.getBackend() !== "wasm" || multiplications < WORTH_A_CALL) {
      // webgpu splits long products of a single entry, wrongly where `b` is flagged as transposed.
      const isPlain = transposeB && b.shape[0] === 1;
      const right = isPlain ? tf.transpose(b, [0, 2, 1]) : b;
      return tf.matMul(a, right, transposeA, transposeB && !isPlain);
    }
    const entry = (x: tf.Tensor3D, n: number, isTransposed: boolean) =>
      isTransposed ? transpose(matrixAt(x, n)) : matrixAt(x, n);
    const shared = a.shape[0] === 1 ? entry(a, 0, transposeA) : undefined;
    const products = Array.from({ length: b.shape[0] }, (_, n) =>
      tf.tidy(() => tf.matMul(shared ?? entry(a, n, transposeA), entry(b, n, transposeB))),
    );
    return tf.stack(products) as tf.Tensor3D;
  });
}

/**
 * One matrix of a batch. wasm's `tf.slice` copies the whole batch first, and `tf.gather` goes
 * element by element; an image operation that crops nothing copies just the matrix, as one pixel.
 */
function matrixAt(x: tf.Tensor3D, n: number): tf.Tensor2D {
  const [batch, rows, columns] = x.shape;
  const pixels: tf.Tensor4D = tf.reshape(x, [batch, 1, 1, rows * columns]);
  const pixel = tf.image.cropAndResize(pixels, [[0, 0, 1, 1]], [n], [1, 1], "nearest");
  return tf.reshape(pixel, [rows, columns]);
}

/**
 * In two steps, by blocks of rows, where that is possible: with 1024 rows the backend's own writes
 * all fall into the same few cache lines, which takes 14 times as long.
 */
function transpose(x: tf.Tensor2D): tf.Tensor2D {
  const [rows, columns] = x.shape;
  if (rows % BLOCK !== 0) return tf.transpose(x);
  const blocks = tf.transpose(tf.reshape(x, [rows / BLOCK, BLOCK, columns]), [0, 2, 1]);
  return tf.reshape(tf.transpose(blocks, [1, 0, 2]), [columns, rows]);
}
