import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";

/** Under another name first, so that nobody ever sees half a file; makes the folder if need be. */
export function writeWhole(path: string, contents: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, contents);
  renameSync(`${path}.part`, path);
}

/** Writes a model into one JSON file, its weights as base64. */
export async function saveModel(model: tfl.LayersModel, path: string): Promise<void> {
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    const weights = tf.io.concatenateArrayBuffers([artifacts.weightData!].flat() as ArrayBuffer[]);
    const weightData = Buffer.from(weights).toString("base64");
    writeWhole(path, JSON.stringify({ ...artifacts, weightData }));
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
  });
  await model.save(handler);
}

/** @throws If the file is missing or no model, naming it. */
export async function loadModel(path: string): Promise<tfl.LayersModel> {
  try {
    const artifacts = JSON.parse(readFileSync(path, "utf8"));
    const bytes = Buffer.from(artifacts.weightData, "base64");
    const weightData = new Uint8Array(bytes).buffer;
    return await tfl.loadLayersModel(tf.io.fromMemory({ ...artifacts, weightData }));
  } catch (error) {
    throw new Error(`model file ${path} cannot be loaded: ${(error as Error).message}`);
  }
}
