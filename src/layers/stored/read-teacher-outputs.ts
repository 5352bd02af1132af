import * as tf from "@tensorflow/tfjs-core";
import { checkOptions, describeValue } from "../../internal/checks.ts";
import type { CheckpointStore } from "../checkpoint/checkpoint-store.ts";
import type { TeacherTensors } from "../data/labelled-data.ts";
import { checkNode, readIfPresent } from "../node-files.ts";
import { decodeSafetensors, type StoredTensor } from "./safetensors.ts";

/** Options of {@link readTeacherOutputs}. */
export interface ReadTeacherOptions {
  /** The name of the logits in the file; default `logits`. */
  logits?: string | undefined;
  /** The names of the features in the file, in order; default `features.0`, `features.1`, … */
  features?: readonly string[] | undefined;
  /**
   * Whether tensors of rank 4 are [N, C, H, W], as in PyTorch, and become [N, H, W, C]; default false.
   */
  channelsFirst?: boolean | undefined;
}

/**
 * Reads the outputs of a teacher from a file in the safetensors format, which
 * {@link writeTeacherOutputs} or Python wrote:
 *
 * ```python
 * from safetensors.torch import save_file
 * save_file({"logits": logits, "features.0": maps}, "teacher.safetensors")
 * ```
 *
 * @param source The path of a file, in Node, Bun and Deno; its bytes, such as those of
 * `await (await fetch(url)).arrayBuffer()`; or a store such as `indexedDbCheckpoint(name)`.
 * @param options Names in the file, and the order of its axes, see {@link ReadTeacherOptions}.
 * @returns `teacherLogits` and `teacherFeatures`, float32, for the options of `Distiller.fit`:
 * `distiller.fit(inputs, labels, { ...stored })`. Absent if the file has none. float64, float16 and
 * bfloat16 are converted to float32.
 * @throws The promise rejects if the file is missing, truncated or not in the format, if it has other
 * tensors that `features` does not name, or if its tensors differ in the number of samples.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { readTeacherOutputs, writeTeacherOutputs } from "kd-cmi/layers";
 *
 * await writeTeacherOutputs("maps.safetensors", { teacherFeatures: [tf.ones([8, 4, 4, 2])] });
 * const { teacherFeatures } = await readTeacherOutputs("maps.safetensors"); // [8, 4, 4, 2]
 * ```
 */
export async function readTeacherOutputs(
  source: string | ArrayBuffer | Uint8Array | Pick<CheckpointStore, "read">,
  options: ReadTeacherOptions = {},
): Promise<TeacherTensors> {
  const fn = "readTeacherOutputs";
  checkOptions(fn, options, ["logits", "features", "channelsFirst"]);
  const { logits = "logits", channelsFirst = false } = options;
  if (typeof logits !== "string") {
    throw new Error(`${fn}: logits must be a name in the file, got ${describeValue(logits)}`);
  }
  const { features: given } = options;
  if (given !== undefined && !(Array.isArray(given) && given.every((x) => typeof x === "string"))) {
    const got = describeValue(given);
    throw new Error(`${fn}: features must be a list of names in the file, got ${got}`);
  }
  const stored = decodeSafetensors(fn, await bytesOf(fn, source));
  const features = given ?? numbered(fn, stored, logits);
  const isNamed = options.logits !== undefined || logits in stored;
  const names = [...(isNamed ? [logits] : []), ...features];
  const known = Object.keys(stored).join(", ") || "none";
  const missing = names.find((name) => !(name in stored));
  if (missing !== undefined || names.length === 0) {
    throw new Error(`${fn}: the file must have a tensor ${missing ?? logits}, got ${known}`);
  }
  checkSamples(fn, stored, names);
  const take = (name: string): tf.Tensor => {
    const { shape, read } = stored[name]!;
    const values = read();
    if (!channelsFirst || shape.length !== 4) return tf.tensor(values, shape);
    return tf.tidy(() => tf.transpose(tf.tensor(values, shape), [0, 2, 3, 1]));
  };
  return {
    ...(isNamed && { teacherLogits: take(logits) }),
    ...(features.length > 0 && { teacherFeatures: features.map(take) }),
  };
}

async function bytesOf(
  fn: string,
  source: string | ArrayBuffer | Uint8Array | Pick<CheckpointStore, "read">,
): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  const isStore = typeof Object(source).read === "function";
  if (typeof source !== "string" && !isStore) {
    const expected = "a path, bytes or a store with a function read";
    throw new Error(`${fn}: source must be ${expected}, got ${describeValue(source)}`);
  }
  if (typeof source === "string") checkNode(fn, "fetch the file and pass its bytes");
  const bytes = await (typeof source === "string" ? readIfPresent(source) : source.read());
  if (bytes) return bytes;
  const got = typeof source === "string" ? `no file ${source}` : "an empty store";
  throw new Error(`${fn}: the outputs must be stored, got ${got}`);
}

/** The names `features.0`, `features.1`, …, if the file has no other tensors than these and the logits. */
function numbered(fn: string, stored: Record<string, StoredTensor>, logits: string): string[] {
  const others = Object.keys(stored).filter((name) => name !== logits);
  const expected = others.map((_, i) => `features.${i}`);
  if (expected.every((name) => name in stored)) return expected;
  const advice = "pass features: [names], [] for none";
  throw new Error(
    `${fn}: tensors besides ${logits} must be features.0, features.1, …, got ${others.join(", ")}; ${advice}`,
  );
}

/** Checks for the same number of samples, at least 1, in tensors of rank 2 or more. */
function checkSamples(
  fn: string,
  stored: Record<string, StoredTensor>,
  names: readonly string[],
): void {
  const samples = stored[names[0]!]!.shape[0];
  for (const name of names) {
    const { shape } = stored[name]!;
    if (samples && shape.length > 1 && shape[0] === samples) continue;
    throw new Error(`${fn}: ${name} must be [${samples || "samples"},...], got [${shape}]`);
  }
}
