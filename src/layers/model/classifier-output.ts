import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { differentiable } from "../../internal/differentiable.ts";
import { atLeastTiny, safeLog, tiny } from "../../ops/safe-log.ts";

/** Layers that preserve probabilities, at least in inference. MobileNet ends in one. */
const NEUTRAL = ["Reshape", "Flatten", "Dropout"];

type Activation = "softmax" | "sigmoid";

/**
 * Whether an output of a model is a softmax or a sigmoid: of such a layer or of any layer with that
 * activation, also in a nested model, and also followed by layers that only change its shape.
 */
export function finalActivation(model: tfl.LayersModel): Activation | undefined {
  return model.outputs.map(activationOf).find((activation) => activation !== undefined);
}

function activationOf({ sourceLayer, inputs }: tfl.SymbolicTensor): Activation | undefined {
  if (sourceLayer instanceof tfl.LayersModel) return finalActivation(sourceLayer);
  const className = sourceLayer.getClassName();
  if (NEUTRAL.includes(className)) {
    return inputs.map(activationOf).find((activation) => activation !== undefined);
  }
  if (className === "Softmax") return "softmax";
  const { activation } = sourceLayer.getConfig();
  return activation === "softmax" || activation === "sigmoid" ? activation : undefined;
}

const warned = new WeakSet<tfl.LayersModel>();

/** Warns once per model that its probabilities are used as logits. */
function warnOnce(model: tfl.LayersModel, message: (activation: Activation) => string): void {
  const activation = warned.has(model) ? undefined : finalActivation(model);
  if (!activation) return;
  warned.add(model);
  console.warn(message(activation));
}

/** Warns once per model that its probabilities are used as logits since `fromLogits` is true. */
export function warnOfFromLogits(fn: string, model: tfl.LayersModel): void {
  warnOnce(model, (activation) => {
    const advice =
      activation === "softmax"
        ? `Pass fromLogits: false to ${fn} and to compiledMcmiLoss, or remove the softmax.`
        : "Remove the sigmoid.";
    return `${fn}: the model ends in a ${activation}, but fromLogits is true. ${advice}`;
  });
}

/** Warns once per model that a loss gets its probabilities as logits. */
export function warnOfProbabilities(fn: string, name: string, model: tfl.LayersModel): void {
  warnOnce(
    model,
    (activation) =>
      `${fn}: the ${name} ends in a ${activation}, but losses use ${name}Logits as logits. Remove the ${activation}, or pass the model up to it: tf.model({inputs, outputs: logits}).`,
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
      const isLarge = tf.cast(tf.greaterEqual(p, tiny()), "float32");
      return [tf.mul(tf.div(dy, atLeastTiny(p)), isLarge)];
    },
  );

/** A model with a single output [batch, …, classes]. */
export function checkClassifier(fn: string, model: tfl.LayersModel, numClasses?: number): void {
  const shapes = model.outputs.map(({ shape }) => shape);
  const [shape] = shapes;
  const isKnown = numClasses === undefined || shape?.at(-1) === numClasses;
  if (shapes.length === 1 && shape && shape.length >= 2 && isKnown) return;
  const got = shapes.map((x) => `[${x.map((size) => size ?? "batch")}]`).join(" and ");
  const expected = `a single output [batch,...,${numClasses ?? "classes"}]`;
  throw new Error(`${fn}: model must have ${expected}, got ${got}`);
}
