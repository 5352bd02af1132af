import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";

/** Layers that leave probabilities probabilities, at least in inference: MobileNet ends in one. */
const NEUTRAL = ["Reshape", "Flatten", "Dropout"];

/**
 * Whether an output of a model is a softmax: of a softmax layer, or of any layer with that
 * activation, also inside a model that serves as a layer, and before layers that change its shape
 * only.
 */
export function endsInSoftmax(model: tfl.LayersModel): boolean {
  return model.outputs.some(isSoftmax);
}

function isSoftmax({ sourceLayer, inputs }: tfl.SymbolicTensor): boolean {
  if (sourceLayer instanceof tfl.LayersModel) return endsInSoftmax(sourceLayer);
  const className = sourceLayer.getClassName();
  if (NEUTRAL.includes(className)) return inputs.some(isSoftmax);
  return className === "Softmax" || sourceLayer.getConfig().activation === "softmax";
}

const warned = new WeakSet<tfl.LayersModel>();

function warnOnce(model: tfl.LayersModel, message: string): void {
  if (warned.has(model) || !endsInSoftmax(model)) return;
  warned.add(model);
  console.warn(message);
}

/** Says, once for a model, that its probabilities are taken for logits. */
export function warnOfSoftmax(fn: string, model: tfl.LayersModel): void {
  warnOnce(
    model,
    `${fn}: the model ends in a softmax, but fromLogits is true. Give fromLogits: false to ${fn} and to compiledMcmiLoss, or drop the softmax.`,
  );
}

/** The same of a network whose output a loss is given as logits. */
export function warnOfProbabilities(fn: string, name: string, model: tfl.LayersModel): void {
  warnOnce(
    model,
    `${fn}: the ${name} ends in a softmax, but losses take ${name}Logits for logits. Drop the softmax, or give the model before it: tf.model({inputs, outputs: logits}).`,
  );
}

/** Logits of the same softmax as the output of a model; log p is one choice of them. */
export const asLogits = (output: tf.Tensor, fromLogits: boolean): tf.Tensor =>
  fromLogits ? output : tf.log(tf.maximum(output, 1e-37));

/** A classifier: a single output [batch, classes]. */
export function checkClassifier(fn: string, model: tfl.LayersModel, numClasses?: number): void {
  const shapes = model.outputs.map(({ shape }) => shape);
  const [shape] = shapes;
  const isKnown = numClasses === undefined || shape?.[1] === numClasses;
  if (shapes.length === 1 && shape!.length === 2 && isKnown) return;
  const got = shapes.map((x) => `[${x.map((size) => size ?? "batch")}]`).join(" and ");
  const expected = `a single output [batch,${numClasses ?? "classes"}]`;
  throw new Error(`${fn}: model must have ${expected}, got ${got}`);
}
