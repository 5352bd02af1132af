import type { io } from "@tensorflow/tfjs-core";

/** A weight and its entry in the manifest of TensorFlow.js' file format. */
export interface QuantizedWeight {
  entry: io.WeightsManifestEntry;
  bytes: Uint8Array;
}

const LAST = 255;

/**
 * A weight in 8 bits: value = min + scale · byte, as `tf.loadLayersModel` reads it. TensorFlow.js itself
 * writes no quantized weights.
 */
export function quantized(
  name: string,
  shape: number[],
  values: ArrayLike<number>,
): QuantizedWeight {
  const all = Array.from(values);
  const min = all.reduce((a, b) => Math.min(a, b));
  const max = all.reduce((a, b) => Math.max(a, b));
  const scale = max > min ? (max - min) / LAST : 1;
  return {
    entry: { name, shape, dtype: "float32", quantization: { dtype: "uint8", min, scale } },
    bytes: Uint8Array.from(all, (value) => Math.round((value - min) / scale)),
  };
}
