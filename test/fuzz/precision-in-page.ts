import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgl";
import { measurePrecision } from "./precision.ts";

async function precisionOnWebgl(cases: number, seed: number) {
  await tf.setBackend("webgl");
  return measurePrecision(cases, seed);
}

Object.assign(globalThis, { precisionOnWebgl });
