import * as tf from "@tensorflow/tfjs-core";
import { replaceBatchNormGradient, replaceSumGradients } from "../internal/network-gradients.ts";
import { type Gradient, replaceGradient } from "../internal/replace-gradient.ts";
import { batchNormGradKernel } from "./batch-norm.ts";
import { binaryDivergenceKernel } from "./binary-divergence.ts";
import { centroidLossesKernel, classCentroidLossesKernel } from "./centroid-losses.ts";
import { countRowsKernel } from "./count-rows.ts";
import { decoupledDivergenceKernel } from "./decoupled-divergence.ts";
import { atLeastTinyKernel, classIndicesKernel, safeLogKernel } from "./element-wise.ts";
import { conv2DFilterKernel, depthwiseFilterKernel } from "./filter-gradient.ts";
import { mixLogsKernel } from "./mix-logs.ts";
import { repeatKernel } from "./repeat.ts";
import { gramKernel, rowProductsKernel } from "./row-products.ts";
import { softDivergenceKernel } from "./soft-divergence.ts";
import { softmaxPartsKernel } from "./softmax.ts";

/** A kernel of the backend that this module has replaced. A second copy of the module sees the property. */
interface ReplacedKernel extends tf.KernelConfig {
  replacedBy?: "kd-cmi";
}

const kernels: readonly tf.KernelConfig[] = [
  atLeastTinyKernel,
  binaryDivergenceKernel,
  centroidLossesKernel,
  classCentroidLossesKernel,
  classIndicesKernel,
  countRowsKernel,
  decoupledDivergenceKernel,
  gramKernel,
  mixLogsKernel,
  rowProductsKernel,
  safeLogKernel,
  softDivergenceKernel,
  softmaxPartsKernel,
];

/**
 * Registers kernels with which the losses of this library take fewer dispatches on TensorFlow.js' webgpu
 * backend. Each dispatch costs tens of microseconds, which small models mostly wait for.
 *
 * - `mcmiLoss`, `conditionalMutualInformation` with given centroids, `kdLoss`, `binaryKdLoss`,
 *   `hsakdLoss` and `dkdLoss`: losses and gradients of all rows in two dispatches.
 * - The softmax of `inBatchCrdLoss`, the Gram matrices of `similarityLoss` and other losses, and the
 *   counts of drawn rows of `crdLoss`.
 *
 * Values agree within the backend's rounding. No kernel of TensorFlow.js is replaced.
 *
 * Call it once, before or after the backend is imported or set. A second call has no effect. Other
 * backends are not affected, so a program may call it on every host.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import "@tensorflow/tfjs-backend-webgpu";
 * import { kdLoss } from "kd-cmi";
 * import { registerLossKernels } from "kd-cmi/webgpu";
 *
 * registerLossKernels();
 * // The backend is registered on hosts with WebGPU only.
 * if (tf.findBackendFactory("webgpu")) await tf.setBackend("webgpu");
 * const loss = kdLoss(tf.randomNormal([64, 10]), tf.randomNormal([64, 10]));
 * ```
 */
export function registerLossKernels(): void {
  for (const config of kernels) {
    if (!tf.getKernel(config.kernelName, "webgpu")) tf.registerKernel(config);
  }
}

/**
 * Registers kernels for gradients of convolutional networks on TensorFlow.js' webgpu backend.
 *
 * - The gradients by the filter of conv1d, conv2d and depthwise convolutions split the batch among threads.
 *   The backend has one thread for each entry of the filter. On an NVIDIA H100 that of images
 *   [64, 32, 32, 16] takes 1.3 ms, was 17.
 * - The gradient of batch normalisation takes 6 dispatches and tiles no statistics.
 * - The gradients of sums and means repeat their argument on the GPU. TensorFlow.js multiplies it by
 *   `tf.ones`, which it fills in JavaScript.
 *
 * Values agree within the backend's rounding. Convolutions in NCHW keep the backend's kernel. Other
 * backends and gradients of gradients keep the gradients of TensorFlow.js.
 *
 * Call it once after importing the backend and the package that registers gradients, tfjs-layers or the
 * union package. A second call has no effect. Hosts without WebGPU are not affected.
 *
 * @throws If the backend is not imported.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import "@tensorflow/tfjs-layers";
 * import "@tensorflow/tfjs-backend-webgpu";
 * import { registerGradientKernels } from "kd-cmi/webgpu";
 *
 * registerGradientKernels();
 * // The backend is registered on hosts with WebGPU only.
 * if (tf.findBackendFactory("webgpu")) await tf.setBackend("webgpu");
 * ```
 */
export function registerGradientKernels(): void {
  const stock: ReplacedKernel | undefined = tf.getKernel(tf.Conv2DBackpropFilter, "webgpu");
  if (!stock) {
    throw new Error(
      "registerGradientKernels: the webgpu backend is not imported; " +
        'import "@tensorflow/tfjs-backend-webgpu" first',
    );
  }
  if (stock.replacedBy !== "kd-cmi") {
    for (const config of [conv2DFilterKernel(stock), depthwiseFilterKernel]) {
      const replacement: ReplacedKernel = { ...config, replacedBy: "kd-cmi" };
      const { kernelName } = config;
      // Registering over a kernel logs a warning.
      if (tf.getKernel(kernelName, "webgpu")) tf.unregisterKernel(kernelName, "webgpu");
      tf.registerKernel(replacement);
    }
  }
  for (const config of [batchNormGradKernel, repeatKernel]) {
    if (!tf.getKernel(config.kernelName, "webgpu")) tf.registerKernel(config);
  }
  const replace = (kernelName: string, gradient: Gradient) =>
    replaceGradient("webgpu", kernelName, gradient);
  replaceSumGradients(replace);
  replaceBatchNormGradient(replace);
}
