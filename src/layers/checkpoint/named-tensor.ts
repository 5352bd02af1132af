import type * as tf from "@tensorflow/tfjs-core";
import { describe } from "../../internal/checks.ts";

/** A tensor and its path in a checkpoint: `models/…`, `optimizer/…` or `tensors/…`. */
export interface NamedTensor {
  path: string;
  tensor: tf.Tensor;
}

/** The typed array of each dtype that a checkpoint can hold. */
export const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** The description of a tensor in the header of a checkpoint. */
export interface TensorSpec {
  path: string;
  dtype: keyof typeof ARRAYS;
  shape: number[];
}

export function specOf(fn: string, { path, tensor }: NamedTensor): TensorSpec {
  const { dtype, shape } = tensor;
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") {
    const expected = "float32, int32 or bool";
    throw new Error(`${fn}: ${path} of the state must be ${expected}, got ${describe(tensor)}`);
  }
  return { path, dtype, shape };
}
