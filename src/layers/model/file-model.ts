import * as tf from "@tensorflow/tfjs-core";
import { describeValue } from "../../internal/checks.ts";
import { checkNode, filesOfNode, readIfPresent, replaceFile, writeDurably } from "../node-files.ts";

/** Bytes of an entry of a weight, by dtype. */
const BYTES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, complex64: 8 };

/**
 * Saves and loads a model in a folder, for Node, Bun and Deno without `@tensorflow/tfjs-node`, whose
 * `file://` this replaces.
 *
 * The folder has tfjs' own format: `model.json` with the topology, and a file of weights next to it.
 * `tf.loadLayersModel` reads it from a web server, and `file://` of tfjs-node from the disk. The weights
 * go to a file with a new name before `model.json` is replaced, so that a process that is killed at any
 * moment leaves either the previous model or the new one. Only one process at a time may write to a
 * folder.
 *
 * @param path The folder. Saving creates it.
 * @returns A handler for `model.save`, `tf.loadLayersModel` and `tf.loadGraphModel`. Its promises reject
 * with Node's errors, if the model is missing, or if the weights have another size than in `model.json`.
 * @throws In a browser, which has `indexeddb://` and `localstorage://`.
 *
 * @example
 * ```ts
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { fileModel } from "kd-cmi/layers";
 *
 * const model = tfl.sequential({ layers: [tfl.layers.dense({ units: 3, inputShape: [4] })] });
 * await model.save(fileModel("teacher"));
 * const teacher = await tfl.loadLayersModel(fileModel("teacher"));
 * ```
 */
export function fileModel(path: string): tf.io.IOHandler {
  checkNode("fileModel", "use indexeddb://");
  if (typeof path !== "string" || path === "") {
    throw new Error(`fileModel: path must be the name of a folder, got ${describeValue(path)}`);
  }
  return { save: (artifacts) => save(path, artifacts), load: () => load(path) };
}

async function save(path: string, artifacts: tf.io.ModelArtifacts): Promise<tf.io.SaveResult> {
  const { modelTopology, weightData, weightSpecs = [], ...others } = artifacts;
  if (modelTopology instanceof ArrayBuffer) {
    throw new Error("fileModel: the topology must be JSON, got binary data");
  }
  const { mkdir, readdir, unlink } = await filesOfNode();
  await mkdir(path, { recursive: true });
  const bytes = joined([weightData ?? new ArrayBuffer(0)].flat());
  const name = `weights.${Date.now().toString(36)}${Math.random().toString(36).slice(2)}.bin`;
  await writeDurably(`${path}/${name}`, bytes);
  const weightsManifest = [{ paths: [name], weights: weightSpecs }];
  const json = { ...others, modelTopology, weightsManifest };
  await replaceFile(`${path}/model.json`, new TextEncoder().encode(JSON.stringify(json)));
  // Those of the previous model, and of a save that was interrupted.
  const unused = (await readdir(path)).filter((x) => /^weights\.\w+\.bin$/.test(x) && x !== name);
  await Promise.all(unused.map((x) => unlink(`${path}/${x}`)));
  return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
}

async function load(path: string): Promise<tf.io.ModelArtifacts> {
  const json = await readJson(path);
  if (!json) throw new Error(`fileModel: ${path} must have a model.json, got none`);
  return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
    const { readFile } = await filesOfNode();
    const names = manifest.flatMap(({ paths }) => paths);
    const parts = await Promise.all(names.map((name) => readFile(`${path}/${name}`)));
    const specs = manifest.flatMap(({ weights }) => weights);
    const bytes = joined(parts);
    checkSize(path, specs, bytes.byteLength);
    return [specs, bytes.buffer as ArrayBuffer];
  });
}

async function readJson(path: string): Promise<tf.io.ModelJSON | undefined> {
  const bytes = await readIfPresent(`${path}/model.json`);
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as tf.io.ModelJSON);
}

/** Checks the size of the weights. That of quantized weights and of strings is not known. */
function checkSize(path: string, specs: tf.io.WeightsManifestEntry[], got: number): void {
  const sizes = specs.map(({ shape, dtype, quantization }) =>
    quantization ? Number.NaN : tf.util.sizeFromShape(shape) * (BYTES[dtype] ?? Number.NaN),
  );
  const expected = sizes.reduce((a, b) => a + b, 0);
  if (Number.isNaN(expected) || expected === got) return;
  throw new Error(`fileModel: the weights of ${path} must have ${expected} bytes, got ${got}`);
}

function joined(parts: readonly (ArrayBuffer | Uint8Array)[]): Uint8Array {
  const views = parts.map((part) => (part instanceof Uint8Array ? part : new Uint8Array(part)));
  const bytes = new Uint8Array(views.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let offset = 0;
  for (const view of views) {
    bytes.set(view, offset);
    offset += view.byteLength;
  }
  return bytes;
}
