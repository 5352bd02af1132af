import * as tf from "@tensorflow/tfjs-core";
import { describeValue } from "../../internal/checks.ts";

/** Checks for an optimizer of `tf.train` or of the same methods. */
export function checkOptimizer(fn: string, optimizer: tf.Optimizer): void {
  if (optimizer && optimizer instanceof tf.Optimizer) return;
  throw new Error(`${fn}: optimizer must be a tf.Optimizer, got ${describeValue(optimizer)}`);
}
