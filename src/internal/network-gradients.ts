import * as tf from "@tensorflow/tfjs-core";
import { reductionLayout } from "./layout.ts";
import { type Gradient, runKernel } from "./replace-gradient.ts";

/** Kernels that a backend needs for the gradients below. */
export const REPEAT = "KdCmiRepeat";
export const BATCH_NORM_GRAD = "KdCmiBatchNormGrad";

type Replace = (kernelName: string, gradient: Gradient) => void;

/**
 * The gradients of Sum and Mean: dy repeated along the axes. tfjs multiplies dy by `tf.ones`, which it
 * fills entry by entry in JavaScript.
 */
export function replaceSumGradients(replace: Replace): void {
  for (const kernelName of [tf.Sum, tf.Mean]) {
    replace(kernelName, (dy, [x], attrs) => {
      const { shape } = x!;
      const layout = reductionLayout(shape, attrs.axis as number | number[]);
      if (!layout || dy.dtype !== "float32") return undefined;
      const factor = kernelName === tf.Mean ? 1 / layout[1] : 1;
      return { x: () => runKernel(REPEAT, { x: dy }, { shape, layout, factor }) };
    });
  }
}

/**
 * The gradient of FusedBatchNorm with a mean, variance and scale of each channel. That of tfjs tiles
 * statistics to the size of x and passes over x 14 times. It fails without a scale.
 */
export function replaceBatchNormGradient(replace: Replace): void {
  replace(tf.FusedBatchNorm, (dy, saved, attrs) => {
    const [x, mean, variance, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const isPerChannel = (t: tf.Tensor) => t.rank === 1 && t.size === x.shape.at(-1);
    if (x.size === 0 || ![mean, variance, scale].every(isPerChannel)) return undefined;
    const inputs = { dy, x, mean, variance, scale };
    if (Object.values(inputs).some(({ dtype }) => dtype !== "float32")) return undefined;
    // Outside of the functions below: tfjs disposes all tensors made within one but its result.
    const gradients = runKernel<tf.Tensor[]>(BATCH_NORM_GRAD, inputs, attrs);
    const names = ["x", "mean", "variance", "scale", "offset"];
    return Object.fromEntries(names.map((name, i) => [name, () => gradients[i]!]));
  });
}
