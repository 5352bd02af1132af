import type * as tf from "@tensorflow/tfjs-core";
import { encodeHeader, type Header, pack } from "./format.ts";
import { ARRAYS, specOf } from "./named-tensor.ts";
import { stateTensors } from "./state-tensors.ts";
import type { TrainingState } from "./training-state.ts";

/**
 * Serialises a training run. {@link restoreCheckpoint} resumes it to bitwise the same weights as without
 * an interruption, on the same backend and device.
 *
 * The bytes hold the state at the moment of the call. Training may continue before the promise
 * resolves. The state of random number generators is not included. So derive random numbers from seeds
 * and the number of the step or epoch, and save those in `values`: the order of the data,
 * augmentation, contrast indices. tfjs' dropout repeats only with its `seed` option, and `model.fit`
 * shuffles by `Math.random` unless `shuffle: false`.
 *
 * @param state Models, optimizer, tensors and plain values. None of them change.
 * @returns The checkpoint, binary with a checksum, for a {@link CheckpointStore} or any other storage.
 * @throws If the optimizer is none of `tf.train`, or the dtype of a tensor is not float32, int32 or
 * bool.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { encodeCheckpoint, fileCheckpoint, restoreCheckpoint } from "kd-cmi/layers";
 *
 * const student = tfl.sequential({ layers: [tfl.layers.dense({ units: 3, inputShape: [4] })] });
 * const optimizer = tf.train.adam(0.01);
 * const store = fileCheckpoint("student.checkpoint");
 *
 * const saved = await store.read();
 * const state = { models: { student }, optimizer };
 * const start = saved ? (restoreCheckpoint(saved, state).values.step as number) : 0;
 * for (let step = start; step < 20; step++) {
 *   const inputs = tf.randomNormal([8, 4], 0, 1, "float32", step + 1);
 *   optimizer.minimize(() => tf.mean(tf.square(student.apply(inputs) as tf.Tensor)) as tf.Scalar);
 *   const done = { ...state, values: { step: step + 1 } };
 *   if (step % 10 === 9) await store.write(await encodeCheckpoint(done));
 * }
 * ```
 */
export async function encodeCheckpoint(state: TrainingState): Promise<Uint8Array> {
  const fn = "encodeCheckpoint";
  const { tensors, optimizer } = stateTensors(fn, state);
  const specs = tensors.map((named) => specOf(fn, named));
  const header: Header = { optimizer, tensors: specs, values: state.values ?? {} };
  const text = encodeHeader(header); // before the first await: training may change the values later
  const reads = specs.map(({ dtype }, i) => read(tensors[i]!.tensor, dtype));
  return pack(text, await Promise.all(reads));
}

async function read(tensor: tf.Tensor, dtype: keyof typeof ARRAYS): Promise<ArrayBufferView> {
  const data = await tensor.data();
  return data instanceof ARRAYS[dtype] ? data : ARRAYS[dtype].from(data);
}
