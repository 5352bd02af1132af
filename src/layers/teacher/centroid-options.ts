import * as tf from "@tensorflow/tfjs-core";
import type { CmiReport } from "../../information/cmi-sums.ts";
import { checkCentroids, checkNumber } from "../../internal/checks.ts";
import { checkData, isData, type LabelledData } from "../data/labelled-data.ts";
import { checkPass, type PassOptions } from "./estimate-cmi.ts";

/** Options of {@link CentroidCallback}. */
export interface CentroidCallbackOptions extends PassOptions {
  /** When the centroids move: before each epoch (default), or after each step. */
  strategy?: "epoch" | "ema" | undefined;
  /** Of `"ema"`: d within 0–1, the share of the old value; default 0.9 as in `updateCentroids`. */
  decay?: number | undefined;
  /** Is given what the estimator found before an epoch. */
  onReport?: ((epoch: number, report: CmiReport) => void) | undefined;
}

/** As its errors name it. */
export const CALLBACK = "CentroidCallback";

/** (labels, inputs, options), (data, options) or (options). */
export function dataAndOptions(
  rest: unknown[],
): [LabelledData | undefined, CentroidCallbackOptions] {
  const [first, second, third] = rest as [object?, object?, object?];
  if (first instanceof tf.Tensor) return [{ xs: second as tf.Tensor, ys: first }, third ?? {}];
  return first && isData(first) ? [first, second ?? {}] : [undefined, first ?? {}];
}

export function checkArguments(
  centroids: tf.Variable,
  data: LabelledData | undefined,
  options: CentroidCallbackOptions,
): void {
  const { strategy = "epoch", decay, onReport } = options;
  if (!(centroids instanceof tf.Variable)) {
    const got =
      (centroids as unknown) instanceof tf.Tensor ? "a constant tensor" : typeof centroids;
    throw new Error(`${CALLBACK}: centroids must be a tf.Variable, got ${got}`);
  }
  checkCentroids(CALLBACK, centroids, centroids.shape[0] ?? 1);
  if (strategy !== "epoch" && strategy !== "ema") {
    throw new Error(`${CALLBACK}: strategy must be "epoch" or "ema", got ${strategy}`);
  }
  if (strategy === "epoch" && !data) {
    throw new Error(`${CALLBACK}: strategy "epoch" needs the training data, got none`);
  }
  if (strategy === "epoch" && decay !== undefined) {
    throw new Error(`${CALLBACK}: decay is for strategy "ema", got ${decay} with "epoch"`);
  }
  if (decay !== undefined) checkNumber(CALLBACK, "decay", decay, { minimum: 0, maximum: 1 });
  if (onReport && !data) throw new Error(`${CALLBACK}: onReport needs the training data, got none`);
  if (data) checkData(CALLBACK, "data", data);
  checkPass(CALLBACK, options);
}
