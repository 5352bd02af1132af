import * as tf from "@tensorflow/tfjs-core";
import { binaryDivergenceKernel } from "./binary-divergence.ts";
import { centroidLossesKernel, classCentroidLossesKernel } from "./centroid-losses.ts";
import { countRowsKernel } from "./count-rows.ts";
import { decoupledDivergenceKernel } from "./decoupled-divergence.ts";
import { atLeastTinyKernel, classIndicesKernel, safeLogKernel } from "./element-wise.ts";
import { mixLogsKernel } from "./mix-logs.ts";
import { gramKernel, rowProductsKernel } from "./row-products.ts";
import { softDivergenceKernel } from "./soft-divergence.ts";
import { softmaxPartsKernel } from "./softmax.ts";

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
