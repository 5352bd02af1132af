import * as tf from "@tensorflow/tfjs-core";
import {
  checkLabelShape,
  checkMaps,
  checkMatrix,
  checkSameBatch,
  checkTensor,
} from "../../internal/checks.ts";
import { scalarLoss } from "../../internal/differentiable.ts";
import { classRows } from "../../internal/labels.ts";
import { weighChannels } from "./weigh-channels.ts";

/**
 * Grad-CAM: sums the channels, weighted by the gradient of a class's logit averaged over the
 * positions, and keeps the positive evidence for the class. Works for any differentiable network.
 *
 * $$L_n = \mathrm{ReLU}\Big( \sum_k \alpha_{nk} A_{nk} \Big), \qquad \alpha_{nk} = \frac{1}{h w}
 * \sum_{x, y} \frac{\partial z_{n, y_n}}{\partial A_n(x, y, k)}$$
 *
 * Where global average pooling and a dense layer follow, this is the positive part of
 * {@link classActivationMap} over h·w. `toLogits` is differentiated, so the gradients of its
 * operations must be registered: `@tensorflow/tfjs` and `@tensorflow/tfjs-layers` register them. On
 * wasm, convolutions also need `registerTrainingKernels` of `kd-cmi/wasm`.
 *
 * Source: Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based
 * localization", ICCV 2017 (arXiv 1610.02391), eq. 1 and 2.
 *
 * @param activations float32 [N, h, w, K].
 * @param toLogits The rest of the network, from the activations to logits [N, C] in which no sample
 * depends on another one; `extractActivations` of `kd-cmi/layers` gives both for a layers model.
 * Called once. It must return logits, not probabilities: a saturated softmax has no gradient.
 * @param labels The class to explain, for each sample: int32 indices [N] or [N, 1], or rows
 * [N, C], of which the largest entry counts. A row
 * whose index is outside 0…C−1 gets a map of zeros.
 * @returns float32 [N, h, w], in units of the logits, at least 0; {@link normalizeCam} scales it.
 * No gradient is defined.
 * @throws If a shape or dtype is not as described, or if `toLogits` does not depend on its
 * argument.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import "@tensorflow/tfjs-layers"; // registers the gradients of the operations in toLogits
 * import { gradCam } from "kd-cmi";
 *
 * const activations = tf.randomUniform([2, 7, 7, 16]);
 * const kernel = tf.randomNormal<tf.Rank.R2>([7 * 7 * 16, 10]);
 * const labels = tf.tensor1d([3, 8], "int32");
 * const toLogits = (x: tf.Tensor4D) => tf.matMul(tf.reshape(x, [2, -1]), kernel);
 * const cams = gradCam(activations, toLogits, labels); // [2, 7, 7]
 * ```
 */
export function gradCam(
  activations: tf.Tensor,
  toLogits: (activations: tf.Tensor4D) => tf.Tensor,
  labels: tf.Tensor,
): tf.Tensor3D {
  const maps = checkMaps("gradCam", "activations", activations);
  if (typeof toLogits !== "function") {
    throw new Error(`gradCam: toLogits must be a function, got ${typeof toLogits}`);
  }
  checkTensor("gradCam", "labels", labels);
  const labelLogits = tf.grad((x) => sumOfLabels(labels, maps, toLogits(x as tf.Tensor4D)));
  return tf.tidy(() => {
    const alpha = tf.mean(labelLogits(maps), [1, 2]);
    return tf.relu(weighChannels(maps, alpha));
  });
}

/**
 * Σ_n z_{n, y_n}, with a closed-form gradient, so that the one-hot labels are not differentiated.
 */
function sumOfLabels(labels: tf.Tensor, activations: tf.Tensor4D, logits: tf.Tensor): tf.Tensor {
  const z = checkMatrix("gradCam", "toLogits(activations)", logits);
  checkSameBatch("gradCam", "toLogits(activations)", z, "activations", activations);
  checkLabelShape("gradCam", labels, z);
  return scalarLoss(
    "gradCam",
    [z],
    (x) => {
      const chosen = classRows(labels, x.shape[1]);
      return { value: tf.sum<tf.Scalar>(tf.mul(x, chosen)), saved: [chosen] };
    },
    (chosen) => [chosen],
  );
}
