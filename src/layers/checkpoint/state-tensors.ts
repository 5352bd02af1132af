import type * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { checkOptions, checkTensor, describeValue } from "../../internal/checks.ts";
import { checkOptimizer } from "../distiller/check-optimizer.ts";
import { checkModel } from "../model/check-model.ts";
import { leafLayers } from "../model/leaf-layers.ts";
import type { NamedTensor } from "./named-tensor.ts";
import { type OptimizerState, readOptimizer } from "./optimizer-state.ts";
import { slotVariables } from "./slot-variables.ts";
import type { TrainingState } from "./training-state.ts";

/** The tensors of a training state, no copies, and the state of its optimizer. */
export function stateTensors(
  fn: string,
  state: TrainingState,
): { tensors: NamedTensor[]; optimizer: OptimizerState | undefined } {
  checkOptions(fn, state, ["models", "optimizer", "tensors", "values"], "state");
  const { models, optimizer, tensors = {} } = state;
  if (typeof models !== "object" || models === null) {
    throw new Error(`${fn}: models must be an object of models, got ${describeValue(models)}`);
  }
  for (const [name, model] of Object.entries(models)) checkModel(fn, `models.${name}`, model);
  if (optimizer !== undefined) checkOptimizer(fn, optimizer);
  for (const [name, tensor] of Object.entries(tensors)) {
    checkTensor(fn, `tensors.${name}`, tensor);
  }
  const read = optimizer && readOptimizer(fn, optimizer);
  const weights = Object.entries(models).flatMap(([name, model]) => weightsOf(name, model));
  const others = Object.entries(tensors).map(([name, tensor]) => ({
    path: `tensors/${name}`,
    tensor,
  }));
  const paths = new Map<tf.Tensor, string>(
    [...weights, ...others].map(({ path, tensor }) => [tensor, path]),
  );
  const variables = optimizer && slotVariables(optimizer).map((x) => (x && paths.get(x)) ?? null);
  return {
    tensors: [...weights, ...(read?.tensors ?? []), ...others],
    optimizer: read && { ...read.state, ...(variables && variables.length > 0 && { variables }) },
  };
}

/**
 * All weights in the order of the layers; that of `model.weights` changes when a layer is frozen. Paths
 * end in the last part of the weight's name, since tfjs numbers the layers of a program:
 * dense_Dense7/kernel.
 */
function weightsOf(name: string, model: tfl.LayersModel): NamedTensor[] {
  const weights = new Set(leafLayers(model).flatMap((layer) => layer.weights));
  return [...weights].map((weight, i) => ({
    path: `models/${name}/${i}/${weight.originalName.split("/").at(-1)}`,
    tensor: weight.read(),
  }));
}
