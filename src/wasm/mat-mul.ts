import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { type KernelCall, memoryOf, reshape, run, withTemporaries } from "./run.ts";

interface Call extends KernelCall<"a" | "b", tf.BatchMatMulAttrs> {
  /** The fused form has a bias too. */
  inputs: Record<"a" | "b", tf.TensorInfo> & { preluActivationWeights?: tf.TensorInfo };
}
type KernelFunc = (call: Call) => tf.TensorInfo;

/** Multiplications of one batch entry from which a call of its own pays; measured: 20³…32³. */
const WORTH_A_CALL = 24 ** 3;

/**
 * BatchMatMul and _FusedMatMul of the backend, at the speed of its plain 2-D products. Those run at
 * 35–45 GFLOP/s, but with a transpose flag or a batch the backend takes a loop of 3.5. So:
 * transpose first; fold a batch of left operands into rows where the right one is shared; multiply
 * other batches entry by entry, unless they are so small that the backend's loop is faster.
 *
 * Results are the backend's own, save where those are wrong: a sum over nothing is 0 instead of
 * uninitialised memory; batch dimensions such as [2, 1] and [1, 3] broadcast; the fused form adds
 * its bias to the columns of each entry of a batch.
 */
export function matMulKernel(stock: tf.KernelConfig): tf.KernelConfig {
  const multiply = stock.kernelFunc as unknown as KernelFunc;
  const isFused = stock.kernelName === tf._FusedMatMul;
  const matMul: KernelFunc = (call) => {
    const { inputs, backend, attrs } = call;
    const { a, b } = inputs;
    const [rows, inner] = matrixShape(a, attrs.transposeA);
    const [innerB, columns] = matrixShape(b, attrs.transposeB);
    if (a.dtype !== "float32" || b.dtype !== "float32" || inner !== innerB) return multiply(call);

    const batchA = a.shape.slice(0, -2);
    const batchB = b.shape.slice(0, -2);
    const batch = tf.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
    const shape = [...batch, rows, columns];
    if (tf.util.sizeFromShape(shape) === 0) return backend.makeOutput(shape, "float32");

    const entries = tf.util.sizeFromShape(batch);
    const entriesA = tf.util.sizeFromShape(batchA);
    const entriesB = tf.util.sizeFromShape(batchB);
    const isShared = entriesB === 1;
    if (!isShared && isFused && !isSeparable(inputs, rows * columns)) return multiply(call);
    const isAligned = [entriesA, entriesB].every((own) => own === 1 || own === entries);
    const isSmall = inner > 0 && rows * columns * inner < WORTH_A_CALL;
    if (!isShared && !isFused && isAligned && isSmall) return multiply(call);
    return withTemporaries(backend, (temporary) => {
      const left = temporary(plain(backend, a, attrs.transposeA, [entriesA, rows, inner]));
      const right = temporary(plain(backend, b, attrs.transposeB, [entriesB, inner, columns]));
      const product = (a: tf.TensorInfo, b: tf.TensorInfo) =>
        multiply({
          inputs: { ...inputs, a, b },
          backend,
          attrs: { ...attrs, transposeA: false, transposeB: false },
        });
      if (isShared) {
        const folded = [1, (left.shape[0] as number) * rows, left.shape[2] as number];
        const flat = temporary(reshape(backend, left, folded));
        return { ...product(flat, right), shape };
      }
      const indices = [batchIndices(batch, batchA), batchIndices(batch, batchB)] as const;
      return productOfEntries(backend, left, right, shape, indices, product);
    });
  };
  return { ...stock, kernelFunc: matMul as unknown as tf.KernelFunc };
}

/** [rows, columns] of the matrices of a batch, as multiplied. */
function matrixShape({ shape }: tf.TensorInfo, isTransposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return isTransposed ? [columns, rows] : [rows, columns];
}

/** PReLU slopes that differ between the batch's entries cannot be taken apart. */
function isSeparable({ preluActivationWeights }: Call["inputs"], outputs: number): boolean {
  return (
    !preluActivationWeights || outputs % tf.util.sizeFromShape(preluActivationWeights.shape) === 0
  );
}

/** The operand [entries, rows, columns] without a transpose flag; zeros where the sum is empty. */
function plain(
  backend: BackendWasm,
  x: tf.TensorInfo,
  isTransposed: boolean,
  shape: [number, number, number],
): tf.TensorInfo {
  if (tf.util.sizeFromShape(shape) === 0) {
    const zeros = backend.makeOutput(shape.map((size) => size || 1), "float32"); // biome-ignore format: one line
    memoryOf(backend, zeros).fill(0);
    return zeros;
  }
  if (!isTransposed) return reshape(backend, x, shape);
  const [entries, rows, columns] = shape;
  return withTemporaries(backend, (temporary) => {
    const stored = temporary(reshape(backend, x, [entries, columns, rows]));
    return run(backend, tf.Transpose, { x: stored }, { perm: [0, 2, 1] });
  });
}

/** For each entry of the broadcast batch, the entry of an operand that it reads. */
export function batchIndices(batch: number[], own: number[]): number[] {
  const sizes = [...Array<number>(batch.length - own.length).fill(1), ...own];
  return batch.reduce(
    (indices, size, axis) => {
      const ownSize = sizes[axis] as number;
      const steps = Array.from({ length: size }, (_, i) => (ownSize === 1 ? 0 : i));
      return indices.flatMap((index) => steps.map((step) => index * ownSize + step));
    },
    [0],
  );
}

function productOfEntries(
  backend: BackendWasm,
  left: tf.TensorInfo,
  right: tf.TensorInfo,
  shape: number[],
  [leftIndices, rightIndices]: readonly [number[], number[]],
  product: (a: tf.TensorInfo, b: tf.TensorInfo) => tf.TensorInfo,
): tf.TensorInfo {
  const out = backend.makeOutput(shape, "float32");
  leftIndices.forEach((leftIndex, i) => {
    withTemporaries(backend, (temporary) => {
      const a = temporary(entry(backend, left, leftIndex));
      // A fresh tensor for each: XNNPACK keeps a right operand packed under its id.
      const b = temporary(entry(backend, right, rightIndices[i] as number));
      const result = memoryOf(backend, temporary(product(a, b)));
      memoryOf(backend, out).set(result, i * result.length);
    });
  });
  return out;
}

/** A copy of one matrix [1, rows, columns]. The backend's own Slice would copy the whole batch. */
function entry(backend: BackendWasm, x: tf.TensorInfo, index: number): tf.TensorInfo {
  const [, rows, columns] = x.shape as [number, number, number];
  const size = rows * columns;
  const copy = backend.makeOutput([1, rows, columns], "float32");
  const start = index * size;
  memoryOf(backend, copy).set(memoryOf(backend, x).subarray(start, start + size));
  return copy;
}
