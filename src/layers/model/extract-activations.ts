import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { checkTensor, describeValue } from "../../internal/checks.ts";
import { checkModel } from "./check-model.ts";
import { evaluate, type Links, outputAt } from "./graph.ts";
import { modelOf } from "./path-outputs.ts";

/** A model split in two at a layer by {@link extractActivations}. */
export interface SplitModel {
  /** Maps inputs to the activations of the layer. */
  toActivations(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor;
  /** Maps activations to the output of the model, in inference mode and differentiable. */
  toLogits(activations: tf.Tensor): tf.Tensor;
}

/**
 * Splits a model in two at a layer, as class-activation maps need: `gradCam` uses both parts,
 * `eigenCam` and `classActivationMap` the first. Both parts share the weights of the model, which does
 * not change.
 *
 * @param model A `tf.layers` model with a single output, preferably logits: `gradCam` explains this
 * output, and a saturated softmax has no gradient.
 * @param layerName The layer, usually the last convolution with its activation; `model.summary()`
 * lists the names. A path such as `backbone/conv5` names a layer of a nested model.
 * @returns `toActivations`, which processes 32 samples at a time as `model.predict` does, and
 * `toLogits`.
 * @throws If the name is not in the model, if the model has several outputs, or, in `toLogits`, if a
 * path from the inputs to the output bypasses the layer.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { gradCam } from "kd-cmi";
 * import { extractActivations } from "kd-cmi/layers";
 *
 * const model = tfl.sequential({
 *   layers: [
 *     tfl.layers.conv2d({ name: "maps", filters: 4, kernelSize: 3, inputShape: [8, 8, 1] }),
 *     tfl.layers.globalAveragePooling2d({}),
 *     tfl.layers.dense({ units: 3 }),
 *   ],
 * });
 * const { toActivations, toLogits } = extractActivations(model, "maps");
 * const activations = toActivations(tf.randomUniform([2, 8, 8, 1]));
 * const cams = gradCam(activations, toLogits, tf.tensor1d([0, 2], "int32")); // [2, 6, 6]
 * ```
 */
export function extractActivations(model: tfl.LayersModel, layerName: string): SplitModel {
  checkModel("extractActivations", "model", model);
  if (typeof layerName !== "string") {
    const got = describeValue(layerName);
    throw new Error(`extractActivations: layerName must be the name of a layer, got ${got}`);
  }
  const links: Links = new Map();
  const cut = outputAt("extractActivations", model, layerName, links);
  const [output, ...others] = model.outputs;
  if (!output || others.length > 0) {
    const got = `${model.outputs.length} outputs`;
    throw new Error(`extractActivations: model must have a single output, got ${got}`);
  }
  const extractor = modelOf("extractActivations", model, [cut], links);
  const missing = (): never => {
    const expected = "a layer on every path from the inputs to the output";
    throw new Error(`extractActivations: layerName must name ${expected}, got ${layerName}`);
  };
  return {
    toActivations: (inputs) => {
      for (const x of [inputs].flat()) checkTensor("extractActivations", "inputs", x);
      return extractor.predict(inputs) as tf.Tensor;
    },
    toLogits: (activations) => {
      checkTensor("extractActivations", "activations", activations);
      return tf.tidy(() =>
        evaluate(output, new Map([[cut.id, activations]]), links, false, missing),
      );
    },
  };
}
