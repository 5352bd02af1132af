import type * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";

/** The outputs of a layer or model for tensors. */
export const applyLayer = (
  layer: tfl.layers.Layer,
  inputs: tf.Tensor | tf.Tensor[],
  training = false,
): tf.Tensor[] => [layer.apply(inputs, { training })].flat() as tf.Tensor[];

/** The tensor that `call` of a layer with a single input gets. */
export const singleTensor = (inputs: tf.Tensor | tf.Tensor[]): tf.Tensor =>
  Array.isArray(inputs) ? inputs[0]! : inputs;

/** The output of a layer in a model that is being built. */
export const connectLayer = (
  layer: tfl.layers.Layer,
  inputs: tfl.SymbolicTensor | tfl.SymbolicTensor[],
): tfl.SymbolicTensor => layer.apply(inputs) as tfl.SymbolicTensor;
