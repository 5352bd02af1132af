import * as tfl from "@tensorflow/tfjs-layers";
import { describeValue } from "../../internal/checks.ts";

/** Checks for a model of tfjs-layers. */
export function checkModel(fn: string, name: string, model: tfl.LayersModel): void {
  if (model instanceof tfl.LayersModel) return;
  throw new Error(`${fn}: ${name} must be a tf.LayersModel, got ${describeValue(model)}`);
}

/** Checks for a list of names of layers. */
export function checkNames(fn: string, name: string, layerNames: readonly string[]): void {
  if (Array.isArray(layerNames) && layerNames.every((x) => typeof x === "string")) return;
  const got = describeValue(layerNames);
  throw new Error(`${fn}: ${name} must be a list of names of layers, got ${got}`);
}
