import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import {
  CamClusterEstimator,
  type CamClusterReport,
  eigenCam,
  gradCam,
  normalizeCam,
} from "kd-cmi";
import { extractActivations } from "kd-cmi/layers";
import { type Images, toLabels } from "../data/images.ts";
import { batches, range, shuffled } from "../data/order.ts";
import { classesOf, inputsOf } from "./training.ts";

export const METHODS = ["eigen", "grad"] as const;
export type Method = (typeof METHODS)[number];

/** Images that are mapped at once. */
const PASS = 500;

/** Maps some of the images by the activations of a layer: [places, h, w]. */
export function mapper(model: tfl.LayersModel, layer: string, method: Method) {
  const { toActivations, toLogits } = extractActivations(model, layer);
  return (images: Images, places: readonly number[]): tf.Tensor3D => {
    const activations = toActivations(inputsOf(model, images, places));
    if (method === "eigen") return eigenCam(activations);
    return gradCam(activations, toLogits, toLabels(images, places));
  };
}

/** How the maps of all images differ within their classes. */
export async function scoreMaps(
  model: tfl.LayersModel,
  layer: string,
  method: Method,
  images: Images,
): Promise<CamClusterReport> {
  const maps = mapper(model, layer, method);
  const estimator = new CamClusterEstimator({ numClasses: classesOf(model) });
  const order = shuffled(range(images.labels.length), "maps");
  for (const places of batches(order, PASS)) {
    let counted = Promise.resolve();
    tf.tidy(() => {
      const cams = normalizeCam(maps(images, places), { to: "distribution" });
      counted = estimator.update(toLabels(images, places), cams);
    });
    await counted;
  }
  return estimator.result();
}
