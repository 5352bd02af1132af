import * as tf from "@tensorflow/tfjs-core";

/** Integers from 0 to 2³²−1, the same as in peer.py: murmur3's finalizer of a counter. */
export function hashed(seed: number, size: number): Uint32Array {
  const start = Math.imul(seed, 0x9e3779b1);
  return new Uint32Array(size).map((_, i) => {
    let x = i + start;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return x ^ (x >>> 16);
  });
}

/** Uniform numbers from −1 to 1. */
export function uniform(seed: number, ...shape: number[]): tf.Tensor {
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  hashed(seed, values.length).forEach((x, i) => {
    values[i] = x / 2 ** 31 - 1;
  });
  return tf.tensor(values, shape);
}
