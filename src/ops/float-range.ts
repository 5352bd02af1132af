import * as tf from "@tensorflow/tfjs-core";

/** The smallest normal 16-bit float. GPUs may flush smaller ones to 0. */
const SMALLEST_NORMAL_16 = 2 ** -14;

/** The largest 16-bit float. */
export const LARGEST_16 = 65504;

/**
 * Whether the current backend stores tensors as 16-bit floats, as webgl does on many phones. Numbers above
 * 65504 are infinite there, and numbers below 6e-5 lose digits or become 0. Shaders compute in 32 bits:
 * only what an operation returns is rounded.
 */
export const isFloat16 = (): boolean =>
  tf.getBackend() === "webgl" && !tf.env().getBool("WEBGL_RENDER_FLOAT32_ENABLED");

/** A small positive constant, or 6.1e-5 where the current backend stores smaller ones as 0. */
export const atLeastNormal = (constant: number): number =>
  isFloat16() ? Math.max(constant, SMALLEST_NORMAL_16) : constant;

/** x + ε for x ≥ 0. With 16-bit floats max(x, 6.1e-5): a larger ε would be added to every x. */
export const addEpsilon = <T extends tf.Tensor>(x: T, epsilon: number): T =>
  isFloat16() ? tf.maximum(x, SMALLEST_NORMAL_16) : tf.add(x, epsilon);

/** The largest integer whose exponential is a float of the current backend. */
export const largestExponent = (): number => (isFloat16() ? 11 : 88);
