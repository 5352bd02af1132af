import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { replaceBatchNormGradient, replaceSumGradients } from "../internal/network-gradients.ts";
import { batchNormGradKernel, batchNormKernel } from "./batch-norm.ts";
import { broadcastKernel, broadcastKernels } from "./broadcast.ts";
import { conv2DKernel } from "./conv2d.ts";
import { conv2DFilterKernel } from "./conv2d-filter.ts";
import { conv2DInputKernel } from "./conv2d-input.ts";
import { depthwiseFilterKernel, depthwiseInputKernel } from "./depthwise.ts";
import { elementwiseKernels, expOrLogKernel, replaceElementwiseGradients } from "./elementwise.ts";
import { replaceGradient } from "./gradients.ts";
import { identityKernel } from "./identity.ts";
import { matMulKernel } from "./mat-mul.ts";
import { maxPoolGradKernel } from "./max-pool.ts";
import { moduleOf } from "./module.ts";
import { optimizerKernels, replaceOptimizerUpdates } from "./optimizers.ts";
import { pairKernels } from "./pairs.ts";
import { opKernels } from "./rows.ts";
import { segmentSumKernel } from "./segment-sum.ts";
import { sliceKernel } from "./slice.ts";
import { repeatKernel, sumKernel } from "./sums.ts";

/** Kernels that the backend lacks. They never replace a kernel of the backend. */
const additions: readonly tf.KernelConfig[] = [
  conv2DFilterKernel,
  depthwiseFilterKernel,
  depthwiseInputKernel,
  segmentSumKernel,
  repeatKernel,
  batchNormGradKernel,
  ...elementwiseKernels,
  ...optimizerKernels,
];

/** Kernels of the backend that are wrong or an order of magnitude too slow. */
const replacements: readonly (readonly [
  kernelName: string,
  better: (stock: tf.KernelConfig) => tf.KernelConfig,
])[] = [
  [tf.BatchMatMul, matMulKernel],
  [tf._FusedMatMul, matMulKernel],
  [tf.Conv2DBackpropInput, conv2DInputKernel],
  [tf.MaxPoolGrad, maxPoolGradKernel],
  [tf.Conv2D, conv2DKernel],
  [tf.FusedConv2D, conv2DKernel],
  [tf.Slice, sliceKernel],
  [tf.Identity, identityKernel],
  [tf.Cast, identityKernel],
  [tf.Exp, expOrLogKernel],
  [tf.Log, expOrLogKernel],
  [tf.Sum, sumKernel],
  [tf.Mean, sumKernel],
  [tf.FusedBatchNorm, batchNormKernel],
  ...broadcastKernels.map((name) => [name, broadcastKernel] as const),
];

/** Kernels that training needs of the backend. Some are missing before version 4.6.0. */
const required: readonly string[] = [
  tf.Sign,
  tf.DenseBincount,
  ...replacements.map(([kernelName]) => kernelName),
];

/** The backend's version range, as in the peer dependencies of package.json. */
const BACKEND_RANGE = "^4.6.0";

/**
 * A kernel that this module has wrapped. The property is visible to a second copy of the module.
 */
interface WrappedKernel extends tf.KernelConfig {
  wrappedBy?: "kd-cmi";
}

/**
 * Registers the kernels needed to train networks on TensorFlow.js' wasm backend, which on its own
 * supports only inference.
 *
 * It adds the gradient kernels that the backend lacks, each only if it is missing:
 * - `Conv2DBackpropFilter`: conv1d, conv2d, transposed and pointwise convolutions;
 * - `DepthwiseConv2dNativeBackpropFilter` and `…Input`: depthwise and separable convolutions;
 * - `UnsortedSegmentSum`: `tf.gather` and embeddings.
 *
 * It replaces kernels of the backend that are wrong or would take most of a training step:
 * - `BatchMatMul` and `_FusedMatMul` transpose first and multiply batches entry by entry, because
 *   plain products run at 35–45 GFLOP/s, transposed or batched ones at 3.5;
 * - `Conv2DBackpropInput` is computed by a convolution or by products, 10 times as fast;
 * - `MaxPoolGrad` of the backend drops the gradient of each window without a positive element;
 * - `Identity`, `Cast` to the same dtype and `Slice` copy no more than they must.
 *
 * A WebAssembly module with SIMD instructions computes what the backend has no fast loop for: sums,
 * means, broadcasting operations, batch normalisation, exponentials and logarithms, convolutions with
 * 3×3 filters at stride 1, matrix products of few rows, the gradients of these, the losses of rows such
 * as `kdLoss`, the noise of `crdLoss`, distances and angles of samples, and the updates of SGD, momentum
 * and Adam. It is compiled when it is first needed and works in the backend's own memory. Where SIMD is missing, or the backend runs in several threads,
 * the kernels of the backend are used.
 *
 * With the module, a NaN or an infinity in the input of a 3×3 convolution also reaches outputs up to two
 * pixels away.
 *
 * Call it once after importing the backend and the package that registers gradients, tfjs-layers or the
 * union package, before or after `tf.setBackend("wasm")`. A second call has no effect. Other backends
 * are not affected. Convolutions must be NHWC and, as everywhere in tfjs, dilated ones have no gradient.
 *
 * @throws If the wasm backend is not registered, or if it is older than 4.6.0 and lacks kernels that
 *   training needs. Nothing is registered then.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import "@tensorflow/tfjs-backend-wasm";
 * import { registerTrainingKernels } from "kd-cmi/wasm";
 *
 * registerTrainingKernels();
 * await tf.setBackend("wasm");
 *
 * const model = tfl.sequential({
 *   layers: [
 *     tfl.layers.conv2d({ inputShape: [28, 28, 1], filters: 16, kernelSize: 3, activation: "relu" }),
 *     tfl.layers.globalAveragePooling2d({}),
 *     tfl.layers.dense({ units: 10, activation: "softmax" }),
 *   ],
 * });
 * model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
 * await model.fit(tf.randomNormal([64, 28, 28, 1]), tf.zeros([64, 1]), { epochs: 2 });
 * ```
 */
export function registerTrainingKernels(): void {
  if (!tf.findBackendFactory("wasm") || !tf.getKernel(tf.BatchMatMul, "wasm")) {
    throw new Error(
      "registerTrainingKernels: the wasm backend is not registered; " +
        'import "@tensorflow/tfjs-backend-wasm" first',
    );
  }
  const missing = required.filter((kernelName) => !tf.getKernel(kernelName, "wasm"));
  if (missing.length > 0) {
    throw new Error(
      `registerTrainingKernels: needs @tensorflow/tfjs-backend-wasm ${BACKEND_RANGE}, ` +
        `got a wasm backend without the kernels ${missing.join(", ")}`,
    );
  }
  for (const config of additions) {
    if (!tf.getKernel(config.kernelName, "wasm")) tf.registerKernel(config);
  }
  for (const [kernelName, better] of replacements) {
    const stock: WrappedKernel = tf.getKernel(kernelName, "wasm")!;
    if (stock.wrappedBy === "kd-cmi") continue;
    const wrapped: WrappedKernel = { ...better(stock), wrappedBy: "kd-cmi" };
    tf.unregisterKernel(kernelName, "wasm"); // registering over a kernel logs a warning
    tf.registerKernel(wrapped);
  }
  registerOpKernels();
  replaceSumGradients(replaceGradient);
  replaceElementwiseGradients();
  replaceBatchNormGradient(replaceGradient);
  replaceOptimizerUpdates();
}

/**
 * Registers kernels of our ops if the backend has the module. Before the backend starts this is unknown,
 * and its start removes them if it has not. The ops then compose tfjs' operations.
 */
function registerOpKernels(): void {
  // tf.findBackend would start it.
  const backend = tf.engine().registry.wasm as BackendWasm | undefined;
  for (const config of [...opKernels, ...pairKernels]) {
    const { kernelName } = config;
    if (tf.getKernel(kernelName, "wasm") || (backend && !moduleOf(backend))) continue;
    const setupFunc = (started: unknown) => {
      if (!moduleOf(started as BackendWasm)) tf.unregisterKernel(kernelName, "wasm");
    };
    tf.registerKernel({ ...config, setupFunc });
  }
}
