import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { addressOf, type ModuleFunctions, moduleOf } from "./module.ts";
import { type KernelCall, memoryOf, replacement, reshape, run, withTemporaries } from "./run.ts";

interface Call extends KernelCall<"a" | "b", tf.BatchMatMulAttrs> {
  /** The fused form also has a bias. */
  inputs: Record<"a" | "b", tf.TensorInfo> & {
    bias?: tf.TensorInfo;
    preluActivationWeights?: tf.TensorInfo;
  };
}

/** Rows from which the backend's plain products are faster than the module's. */
const MANY_ROWS = 512;

/** Entries of the module's scratch. */
const SCRATCH = 8 * (256 + 96);

/** The operation of `combineRow`. */
const ADD = 0;

/** Multiplications per batch entry from which a separate call is faster. Measured: 20³…32³. */
const WORTH_A_CALL = 24 ** 3;

/**
 * BatchMatMul and _FusedMatMul of the backend, at the speed of its plain 2-D products. Those run at
 * 35–45 GFLOP/s, but for a transpose flag or a batch the backend uses a loop of 3.5. Therefore,
 * this kernel transposes first, folds a batch of left operands into rows if the right one is
 * shared, and multiplies other batches entry by entry, unless they are so small that the backend's
 * loop is faster.
 *
 * Where the module is available, it computes transposed products and those of few rows, at 23 GFLOP/s and
 * without copies.
 *
 * Results equal the backend's, except where those are wrong: an empty sum is 0 instead of
 * uninitialised memory, batch dimensions such as [2, 1] and [1, 3] broadcast, and the fused form
 * adds its bias to the columns of each batch entry.
 */
export function matMulKernel(stock: tf.KernelConfig): tf.KernelConfig {
  const isFused = stock.kernelName === tf._FusedMatMul;
  return replacement<Call>(stock, (call, multiply) => {
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
    const module = isModules(call, isFused, isShared ? entriesA * rows : rows, inner, columns)
      ? moduleOf(backend)
      : undefined;
    if (module) {
      const entry = { rows, inner, columns };
      return byModule(call, module, shape, entry, batchIndices(batch, batchA), batchIndices(batch, batchB)); // biome-ignore format: one line
    }
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
        const folded = [1, entriesA * rows, Math.max(inner, 1)];
        const flat = temporary(reshape(backend, left, folded));
        return { ...product(flat, right), shape };
      }
      const indices = [batchIndices(batch, batchA), batchIndices(batch, batchB)] as const;
      return productOfEntries(backend, left, right, shape, indices, product);
    });
  });
}

/**
 * Whether the module computes a product: where an operand is transposed, or where the backend would spend
 * more on packing the right operand than it gains by its 28 GFLOP/s against 23. Of fused products, only
 * those without an activation.
 */
function isModules(
  { inputs: { b, bias }, attrs }: Call,
  isFused: boolean,
  rows: number,
  inner: number,
  columns: number,
): boolean {
  const { activation = "linear" } = attrs as Partial<tf._FusedMatMulAttrs>;
  const isLinear = activation === "linear" && (!bias || isVector(bias, columns));
  const isTransposed = attrs.transposeA || attrs.transposeB;
  const isLarge = rows > MANY_ROWS && (!isTransposed || Math.min(inner, columns) > MANY_ROWS);
  return (!isFused || isLinear) && !isLarge && b.dtype === "float32";
}

const isVector = ({ shape, dtype }: tf.TensorInfo, size: number) =>
  shape.length === 1 && shape[0] === size && dtype === "float32";

/** The product of each entry, of operands as they are in memory. */
function byModule(
  { inputs, backend, attrs }: Call,
  module: ModuleFunctions,
  shape: number[],
  { rows, inner, columns }: { rows: number; inner: number; columns: number },
  leftIndices: number[],
  rightIndices: number[],
): tf.TensorInfo {
  const { a, b, bias } = inputs;
  const out = backend.makeOutput(shape, "float32");
  return withTemporaries(backend, (temporary) => {
    const scratch = temporary(backend.makeOutput([SCRATCH], "float32"));
    const [left, right, to, by] = [a, b, out, scratch].map((t) => addressOf(backend, t));
    leftIndices.forEach((leftIndex, i) => {
      module.matMul(
        left! + 4 * leftIndex * rows * inner,
        right! + 4 * rightIndices[i]! * inner * columns,
        to! + 4 * i * rows * columns,
        by!,
        rows,
        inner,
        columns,
        attrs.transposeA,
        attrs.transposeB,
      );
    });
    if (bias) {
      const all = leftIndices.length * rows;
      module.combineRow(ADD, to!, addressOf(backend, bias), to!, 1, all, columns);
    }
    return out;
  });
}

/** [rows, columns] of the matrices of a batch, as multiplied. */
function matrixShape({ shape }: tf.TensorInfo, isTransposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return isTransposed ? [columns, rows] : [rows, columns];
}

/** PReLU slopes that differ between batch entries cannot be separated. */
function isSeparable({ preluActivationWeights }: Call["inputs"], outputs: number): boolean {
  return (
    !preluActivationWeights || outputs % tf.util.sizeFromShape(preluActivationWeights.shape) === 0
  );
}

/** The operand [entries, rows, columns] without a transpose flag. Zeros if the sum is empty. */
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

/** For each entry of the broadcast batch, the index of the operand's entry that it reads. */
export function batchIndices(batch: number[], own: number[]): number[] {
  const missing = batch.length - own.length;
  return batch.reduce(
    (indices, size, axis) => {
      const ownSize = own[axis - missing] ?? 1;
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
      // A new tensor for each: XNNPACK caches a right operand in packed form under its id.
      const b = temporary(entry(backend, right, rightIndices[i] as number));
      const result = memoryOf(backend, temporary(product(a, b)));
      memoryOf(backend, out).set(result, i * result.length);
    });
  });
  return out;
}

/** A copy of one matrix [1, rows, columns]. The backend's own Slice would copy the whole batch. */
function entry(backend: BackendWasm, x: tf.TensorInfo, index: number): tf.TensorInfo {
  const shape = [1, ...x.shape.slice(1)];
  const size = tf.util.sizeFromShape(shape);
  const copy = backend.makeOutput(shape, "float32");
  const start = index * size;
  memoryOf(backend, copy).set(memoryOf(backend, x).subarray(start, start + size));
  return copy;
}
