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

/** Writes a model into one JSON file: how it came about, and its weights as base64. */
export async function saveModel(model: tfl.LayersModel, path: string, settings: object) {
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    const weights = tf.io.concatenateArrayBuffers([artifacts.weightData!].flat() as ArrayBuffer[]);
    const weightData = Buffer.from(weights).toString("base64");
    writeWhole(path, JSON.stringify({ settings, artifacts: { ...artifacts, weightData } }));
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
  });
  await model.save(handler);
}

/** @throws If the file is missing, is no model, or came about otherwise, naming it. */
export async function loadModel(path: string, settings: object): Promise<tfl.LayersModel> {
  const { settings: found, artifacts } = readModel(path);
  if (JSON.stringify(found) !== JSON.stringify(settings)) {
    const [is, should] = [found, settings].map((x) => JSON.stringify(x));
    throw new Error(`model file ${path} comes from other settings: ${is} instead of ${should}`);
  }
  const weightData = new Uint8Array(Buffer.from(artifacts.weightData, "base64")).buffer;
  return tfl.loadLayersModel(tf.io.fromMemory({ ...artifacts, weightData }));
}

function readModel(path: string) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`model file ${path} cannot be read: ${(error as Error).message}`);
  }
}
