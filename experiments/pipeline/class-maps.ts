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

export const CAM_METHODS = ["eigen", "grad"] as const;
export type CamMethod = (typeof CAM_METHODS)[number];

/** Images in a forward pass. */
const PASS = 500;

/** A function to the class-activation maps of a layer for some of the images, [places, h, w]. */
export function classMaps(model: tfl.LayersModel, layer: string, method: CamMethod) {
  const { toActivations, toLogits } = extractActivations(model, layer);
  return (images: Images, places: readonly number[]): tf.Tensor3D => {
    const activations = toActivations(inputsOf(model, images, places));
    if (method === "eigen") return eigenCam(activations);
    return gradCam(activations, toLogits, toLabels(images, places));
  };
}

/** Scores how the maps of the images differ within their classes. */
export async function scoreMaps(
  model: tfl.LayersModel,
  layer: string,
  method: CamMethod,
  images: Images,
): Promise<CamClusterReport> {
  const maps = classMaps(model, layer, method);
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

/** Some of the test images, for maps: the same for every seed. */
export const mappedPlaces = (test: Images, count: number): number[] =>
  shuffled(range(test.labels.length), "test").slice(0, count);
