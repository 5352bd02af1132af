import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { isModel, leafLayers } from "../model/leaf-layers.ts";

/**
 * Adds the penalties of regularizers to a loss: those of the student as in `model.fit`, and those of
 * each other layer that the loss uses, once per layer.
 */
export function addPenalties(
  loss: tf.Scalar,
  student: tfl.LayersModel,
  used: Iterable<tfl.layers.Layer>,
): tf.Scalar {
  const own = new Set(leafLayers(student));
  const others = [...used].filter((layer) => !isModel(layer) && !own.has(layer));
  const penalties = [student, ...others].flatMap((layer) => layer.calculateLosses());
  return penalties.length === 0 ? loss : tf.addN([loss, ...penalties]);
}
