import { checkOptions, describeValue } from "../../internal/checks.ts";
import type { CheckpointStore } from "../checkpoint/checkpoint-store.ts";
import { checkTeacherTensors, type TeacherTensors } from "../data/labelled-data.ts";
import { checkNode, replaceFile } from "../node-files.ts";
import { encodeSafetensors } from "./safetensors.ts";

/**
 * Writes the outputs of a teacher to a file in the safetensors format, so that the teacher runs once. Python
 * reads it by `safetensors.torch.load_file`. The tensors are named `logits`, `features.0`, `features.1`
 * and so on. {@link readTeacherOutputs} reads the file.
 *
 * @param target The path of a file, in Node, Bun and Deno, which is replaced at once; or a store such as
 * `indexedDbCheckpoint(name)` in a browser.
 * @param outputs `teacherLogits`, float32 [N, C] or [N, …, C], and `teacherFeatures`, a list of float32
 * [N, …]; at least one of both. Rows are in the order of the samples.
 * @returns A promise that resolves when the file is on the disk. It rejects with errors of the file system.
 * @throws If the outputs are not as described, or if the target is a path in a browser.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { readTeacherOutputs, writeTeacherOutputs } from "kd-cmi/layers";
 *
 * const teacher = tfl.sequential({ layers: [tfl.layers.dense({ units: 3, inputShape: [4] })] });
 * const images = tf.randomNormal([32, 4]);
 * const teacherLogits = teacher.predict(images) as tf.Tensor;
 * await writeTeacherOutputs("teacher.safetensors", { teacherLogits });
 * const stored = await readTeacherOutputs("teacher.safetensors"); // options of Distiller.fit
 * ```
 */
export async function writeTeacherOutputs(
  target: string | Pick<CheckpointStore, "write">,
  outputs: TeacherTensors,
): Promise<void> {
  const fn = "writeTeacherOutputs";
  checkOptions(fn, outputs, ["teacherLogits", "teacherFeatures"], "outputs");
  const isStore = typeof Object(target).write === "function";
  if (typeof target === "string") checkNode(fn, "pass a store such as indexedDbCheckpoint(name)");
  else if (!isStore) {
    const expected = "a path or a store with a function write";
    throw new Error(`${fn}: target must be ${expected}, got ${describeValue(target)}`);
  }
  const { teacherLogits, teacherFeatures = [] } = outputs;
  const [first] = [...(teacherLogits ? [teacherLogits] : []), ...teacherFeatures];
  if (!first)
    throw new Error(`${fn}: outputs must have teacherLogits or teacherFeatures, got none`);
  const features = teacherFeatures.length > 0 ? { teacherFeatures } : {};
  checkTeacherTensors(fn, { teacherLogits, ...features }, first.shape[0] ?? 0);
  const bytes = await encodeSafetensors({
    ...(teacherLogits && { logits: teacherLogits }),
    ...Object.fromEntries(teacherFeatures.map((x, i) => [`features.${i}`, x])),
  });
  await (typeof target === "string" ? replaceFile(target, bytes) : target.write(bytes));
}
