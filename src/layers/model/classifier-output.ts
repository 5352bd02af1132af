import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { differentiable } from "../../internal/differentiable.ts";
import { atLeastTiny, safeLog, TINY } from "../../ops/safe-log.ts";

/** Layers that preserve probabilities, at least in inference. MobileNet ends in one. */
const NEUTRAL = ["Reshape", "Flatten", "Dropout"];

/**
 * Whether an output of a model is a softmax: of a softmax layer or of any layer with that activation,
 * also in a nested model, and also followed by layers that only change its shape.
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

/** Warns once per model that its softmax outputs are used as logits. */
export function warnOfSoftmax(fn: string, model: tfl.LayersModel): void {
  warnOnce(
    model,
    `${fn}: the model ends in a softmax, but fromLogits is true. Pass fromLogits: false to ${fn} and to compiledMcmiLoss, or remove the softmax.`,
  );
}

/** Warns once per model that a loss gets its softmax outputs as logits. */
export function warnOfProbabilities(fn: string, name: string, model: tfl.LayersModel): void {
  warnOnce(
    model,
    `${fn}: the ${name} ends in a softmax, but losses use ${name}Logits as logits. Remove the softmax, or pass the model up to it: tf.model({inputs, outputs: logits}).`,
  );
}

/** Logits of a model's output. log p is a choice of logits whose softmax is p. */
export const asLogits = (fn: string, output: tf.Tensor, fromLogits: boolean): tf.Tensor =>
  fromLogits ? output : logarithm(fn, output);

/** log(max(p, 1e-37)), whose gradient is 0 below 1e-37. */
const logarithm = (fn: string, probabilities: tf.Tensor): tf.Tensor =>
  differentiable(
    fn,
    [probabilities],
    (p) => ({ value: safeLog(p), saved: [p] }),
    (dy, p) => {
      const isLarge = tf.cast(tf.greaterEqual(p, TINY), "float32");
      return [tf.mul(tf.div(dy, atLeastTiny(p)), isLarge)];
    },
  );

/** A model with a single output [batch, classes]. */
export function checkClassifier(fn: string, model: tfl.LayersModel, numClasses?: number): void {
  const shapes = model.outputs.map(({ shape }) => shape);
  const [shape] = shapes;
  const isKnown = numClasses === undefined || shape?.[1] === numClasses;
  if (shapes.length === 1 && shape?.length === 2 && isKnown) return;
  const got = shapes.map((x) => `[${x.map((size) => size ?? "batch")}]`).join(" and ");
  const expected = `a single output [batch,${numClasses ?? "classes"}]`;
  throw new Error(`${fn}: model must have ${expected}, got ${got}`);
}
