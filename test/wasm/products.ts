import * as tf from "@tensorflow/tfjs-core";
import { vi } from "vitest";

/** All ways to flag the operands of a product as transposed. */
export const flags = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

/** The shape of an operand as it is stored. */
export const stored = (batch: number[], rows: number, columns: number, isTransposed: boolean) =>
  isTransposed ? [...batch, columns, rows] : [...batch, rows, columns];

/** Records the backend's own products. Call it before the kernels of this package are registered. */
export function recordProducts() {
  const stock = tf.getKernel(tf.BatchMatMul, "wasm");
  const kernelFunc = vi.fn(stock.kernelFunc);
  tf.unregisterKernel(tf.BatchMatMul, "wasm");
  tf.registerKernel({ ...stock, kernelFunc });
  return {
    clear: () => void kernelFunc.mockClear(),
    /** Their shapes and flags. */
    products: () =>
      kernelFunc.mock.calls.map(([{ inputs, attrs }]) => ({
        a: inputs.a!.shape,
        b: inputs.b!.shape,
        flags: [attrs!.transposeA, attrs!.transposeB],
      })),
  };
}
