import * as tf from "@tensorflow/tfjs-core";
import { checkSameState } from "./check-same-state.ts";
import { unpack } from "./format.ts";
import { ARRAYS, specOf, type TensorSpec } from "./named-tensor.ts";
import { isSlot, writeOptimizer } from "./optimizer-state.ts";
import { setSlotVariables } from "./slot-variables.ts";
import { stateTensors } from "./state-tensors.ts";
import type { RestoredState, TrainingState } from "./training-state.ts";

/**
 * Resumes from a checkpoint: sets the weights of the models, the state of the optimizer and the
 * variables among the tensors. Restores everything or nothing: if it throws, nothing has changed.
 *
 * @param bytes The result of {@link encodeCheckpoint}, of the same version of the format.
 * @param state The same models, optimizer and names as at the time of saving. Models, optimizer and
 * variables are changed in place. Other tensors do not change; their shapes must match the
 * checkpoint. The optimizer must have the same options, except for its learning rate, which is
 * restored, and must get its variables in the same order as before. `values` is not used.
 * @returns The tensors that were not restored in place, owned by the caller, and the values.
 * @throws If the bytes are no checkpoint, truncated, corrupted or of another version. If the checkpoint
 * is of another architecture: other models, other number, names or shapes of weights, another class or
 * other options of the optimizer, other names, dtypes or shapes of tensors.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { encodeCheckpoint, restoreCheckpoint } from "kd-cmi/layers";
 *
 * const centroids = tf.variable(tf.fill([3, 3], 1 / 3));
 * const bank = tf.ones([10, 2]);
 * const state = { models: {}, tensors: { centroids, bank } };
 * const bytes = await encodeCheckpoint({ ...state, values: { epoch: 7 } });
 *
 * centroids.assign(tf.eye(3));
 * const { tensors, values } = restoreCheckpoint(bytes, state); // centroids are 1/3 again
 * console.log(values.epoch, tensors.bank); // 7 and a new tensor
 * ```
 */
export function restoreCheckpoint(bytes: Uint8Array, state: TrainingState): RestoredState {
  const fn = "restoreCheckpoint";
  const { header, payload } = unpack(fn, bytes);
  const { tensors: targets, optimizer } = stateTensors(fn, state);
  checkSameState(fn, header, { optimizer, tensors: targets.map((named) => specOf(fn, named)) });

  const variables = new Map<string, tf.Variable>();
  for (const { path, tensor } of targets) {
    if (tensor instanceof tf.Variable && !isSlot(path)) variables.set(path, tensor);
  }
  const tensors = tf.tidy(() => {
    const saved = readTensors(header.tensors, payload);
    const rest: Record<string, tf.Tensor> = {};
    for (const [path, tensor] of saved) {
      // Not by weight.write, which applies the constraint once more.
      variables.get(path)?.assign(tensor);
      if (path.startsWith(TENSORS) && !variables.has(path)) {
        rest[path.slice(TENSORS.length)] = tensor;
      }
    }
    if (state.optimizer && header.optimizer) {
      writeOptimizer(state.optimizer, header.optimizer, saved);
      const ordered = header.optimizer.variables ?? [];
      setSlotVariables(
        state.optimizer,
        ordered.map((path) => variables.get(path ?? "")),
      );
    }
    return rest;
  });
  return { tensors, values: header.values };
}

const TENSORS = "tensors/";

/** The tensors of the payload by path. */
function readTensors(specs: readonly TensorSpec[], payload: Uint8Array): Map<string, tf.Tensor> {
  let offset = 0;
  const tensors = new Map<string, tf.Tensor>();
  for (const { path, dtype, shape } of specs) {
    const size = tf.util.sizeFromShape(shape) * ARRAYS[dtype].BYTES_PER_ELEMENT;
    const { buffer } = payload.slice(offset, offset + size); // copied, hence aligned
    tensors.set(path, tf.tensor(new ARRAYS[dtype](buffer), shape, dtype));
    offset += size;
  }
  return tensors;
}
