import type * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { outputsOf } from "./feature-extractor.ts";

/** A model cut in two at a layer, by {@link extractActivations}. */
export interface SplitModel {
  /** From inputs to the activations of the layer. */
  toActivations(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor;
  /** From these to the output of the model, in inference mode and differentiable. */
  toLogits(activations: tf.Tensor): tf.Tensor;
}

/**
 * Cuts a model in two at a layer, which class-activation maps need: `gradCam` takes both parts,
 * `eigenCam` and `classActivationMap` the first. Both share the weights of the model, which stays as
 * it is.
 *
 * @param model A `tf.layers` model with a single output, best of logits: `gradCam` explains what it
 * gives, and a saturated softmax has no gradient.
 * @param layerName The layer, usually the last convolution with its activation; `model.summary()`
 * lists the names.
 * @returns `toActivations`, which takes 32 samples at a time as `model.predict` does, and `toLogits`.
 * @throws If the name is not in the model, if the model has several outputs, or, in `toLogits`, if a
 * path from the inputs to the output goes round the layer.
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
  const [cut] = outputsOf("extractActivations", model, [layerName]);
  const [end] = model.outputs;
  if (model.outputs.length !== 1) {
    const got = `${model.outputs.length} outputs`;
    throw new Error(`extractActivations: model must have a single output, got ${got}`);
  }
  const extractor = tfl.model({ inputs: model.inputs, outputs: cut! });
  return {
    toActivations: (inputs) => extractor.predict(inputs) as tf.Tensor,
    toLogits: (activations) => evaluate(end!, new Map([[cut!.id, activations]]), layerName),
  };
}

/** A symbolic tensor of a model as a real one, from those that are known. */
function evaluate(
  symbol: tfl.SymbolicTensor,
  known: Map<number, tf.Tensor>,
  layerName: string,
): tf.Tensor {
  const value = known.get(symbol.id);
  if (value) return value;
  if (symbol.inputs.length === 0) {
    const expected = "a layer that every path from the inputs to the output goes through";
    throw new Error(`extractActivations: layerName must name ${expected}, got ${layerName}`);
  }
  const inputs = symbol.inputs.map((input) => evaluate(input, known, layerName));
  const outputs = symbol.sourceLayer.apply(inputs.length === 1 ? inputs[0]! : inputs);
  const output = [outputs].flat()[symbol.outputTensorIndex ?? 0] as tf.Tensor;
  known.set(symbol.id, output);
  return output;
}
