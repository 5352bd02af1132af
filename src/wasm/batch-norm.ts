import * as tf from "@tensorflow/tfjs-core";
import { BATCH_NORM_GRAD } from "../internal/network-gradients.ts";
import { addressOf } from "./module.ts";
import { type KernelCall, moduleKernel, withModule, withTemporaries } from "./run.ts";

type Name = "x" | "mean" | "variance";
type Optional = "offset" | "scale";

interface Call extends KernelCall<Name, tf.FusedBatchNormAttrs> {
  inputs: Record<Name, tf.TensorInfo> & Partial<Record<Optional, tf.TensorInfo | null>>;
}

/** Whether all statistics are float32 vectors of the last axis. */
const isPerChannel = (x: tf.TensorInfo, statistics: (tf.TensorInfo | null | undefined)[]) =>
  x.dtype === "float32" &&
  statistics.every((t) => !t || (t.dtype === "float32" && t.shape.length === 1)) &&
  statistics.every((t) => !t || t.shape[0] === x.shape.at(-1));

/** FusedBatchNorm with a mean, variance, scale and offset of each channel. [65536, 16]: 0.4 ms, was 5. */
export function batchNormKernel(stock: tf.KernelConfig): tf.KernelConfig {
  return withModule<Call>(stock, ({ inputs, backend, attrs }, module) => {
    const { x, mean, variance, offset, scale } = inputs;
    if (!isPerChannel(x, [mean, variance, offset, scale])) return undefined;
    return withTemporaries(backend, (temporary) => {
      const channels = mean.shape[0]!;
      const out = backend.makeOutput(x.shape, "float32");
      const factors = temporary(backend.makeOutput([2 * channels], "float32"));
      module.batchNorm(
        addressOf(backend, x),
        addressOf(backend, mean),
        addressOf(backend, variance),
        offset ? addressOf(backend, offset) : 0,
        scale ? addressOf(backend, scale) : 0,
        attrs.varianceEpsilon,
        addressOf(backend, factors),
        addressOf(backend, out),
        channels === 0 ? 0 : tf.util.sizeFromShape(x.shape) / channels,
        channels,
      );
      return out;
    });
  });
}

interface GradCall extends KernelCall<Name | "dy", tf.FusedBatchNormAttrs> {
  inputs: Record<Name | "dy", tf.TensorInfo> & { scale?: tf.TensorInfo | null };
}

/**
 * The gradients of FusedBatchNorm by x, mean, variance, scale and offset in two passes. [65536, 16]: 0.8 ms,
 * was 110.
 */
export const batchNormGradKernel = moduleKernel<GradCall, tf.TensorInfo[]>(
  BATCH_NORM_GRAD,
  ({ inputs, backend, attrs }, module) => {
    const { dy, x, mean, variance, scale } = inputs;
    const channels = mean.shape[0]!;
    const dx = backend.makeOutput(x.shape, "float32");
    const others = Array.from({ length: 4 }, () => backend.makeOutput([channels], "float32"));
    const [dmean, dvariance, dscale, doffset] = others.map((t) => addressOf(backend, t));
    return withTemporaries(backend, (temporary) => {
      const sums = temporary(backend.makeOutput([4 * channels], "float32"));
      const factors = temporary(backend.makeOutput([channels], "float32"));
      module.batchNormGrad(
        addressOf(backend, dy),
        addressOf(backend, x),
        addressOf(backend, mean),
        addressOf(backend, variance),
        scale ? addressOf(backend, scale) : 0,
        attrs.varianceEpsilon,
        addressOf(backend, sums),
        addressOf(backend, factors),
        addressOf(backend, dx),
        dmean!,
        dvariance!,
        dscale!,
        doffset!,
        channels === 0 ? 0 : tf.util.sizeFromShape(x.shape) / channels,
        channels,
      );
      return [dx, ...others];
    });
  },
);
