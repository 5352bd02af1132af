import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgl";
import { measurePrecision } from "./precision.ts";

/** Measures on webgl, with flags of tfjs. */
async function precisionOnWebgl(cases: number, seed: number, flags: Record<string, boolean>) {
  tf.env().setFlags(flags);
  await tf.setBackend("webgl");
  return measurePrecision(cases, seed);
}

Object.assign(globalThis, { precisionOnWebgl });
