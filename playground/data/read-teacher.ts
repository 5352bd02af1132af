import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";

const read = (name: string) => readFileSync(new URL(`../public/teacher/${name}`, import.meta.url));

/** The shipped teacher, in Node. */
export function readTeacher(): Promise<tfl.LayersModel> {
  const { modelTopology, weightsManifest } = JSON.parse(String(read("model.json")));
  const weightSpecs = weightsManifest[0].weights;
  const weightData = Uint8Array.from(read("weights.bin")).buffer;
  return tfl.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
}
