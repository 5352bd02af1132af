import * as tf from "@tensorflow/tfjs-core";
import { checkSameState } from "./check.ts";
import { type Contents, contentsOf, mapContents, type Spec, specOf } from "./contents.ts";
import { headerOf, pack, unpack } from "./format.ts";
import { writeOptimizer } from "./optimizer-state.ts";
import type { RestoredState, TrainingState } from "./training-state.ts";

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/**
 * The state of a training as bytes, which {@link restoreCheckpoint} continues from to bitwise the
 * same weights as without an interruption, on the same backend and device.
 *
 * They hold the state at the moment of the call: the training may go on before the promise resolves.
 * What they cannot hold is where random numbers come from. So draw them from seeds and the number of
 * the step or epoch, which go into `values`: the order of the data, augmentation, contrast indices.
 * tfjs' dropout repeats only with its `seed` option, and `model.fit` shuffles by `Math.random` unless
 * told `shuffle: false`.
 *
 * @param state Models, optimizer, tensors and plain values; nothing in it changes.
 * @returns The checkpoint, binary with a checksum, for a {@link CheckpointStore} or a place of your own.
 * @throws If the optimizer is none of `tf.train`, or a tensor of another type than float32, int32 or
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
  const contents = contentsOf("encodeCheckpoint", state);
  const tensors: tf.Tensor[] = [];
  const specs = mapContents(contents, (named) => {
    tensors.push(named.tensor);
    return specOf("encodeCheckpoint", named);
  });
  const header = headerOf(specs); // now: the training may go on to change the values
  const reads = tensors.map(async (tensor) => {
    const data = await tensor.data();
    const type = ARRAYS[tensor.dtype as Spec["dtype"]];
    return data instanceof type ? data : type.from(data);
  });
  return pack(header, await Promise.all(reads));
}

/**
 * Continues from a checkpoint: sets the weights of the models, the state of the optimizer and the
 * variables among the tensors. All or nothing: what throws has changed nothing.
 *
 * @param bytes What {@link encodeCheckpoint} returned.
 * @param state The same models, optimizer (with the same options; its learning rate is set) and
 * names as at the time of saving. Its weights and variables are changed in place; its other tensors
 * must have the shapes of the checkpoint's and stay as they are. Give the optimizer its variables in
 * the same order as before. Its `values` are not used.
 * @returns The tensors that were not restored in place, owned by the caller, and the values.
 * @throws If the bytes are no checkpoint, truncated, corrupted or of another version, or if the
 * checkpoint is of another architecture: other names of models, number, names or shapes of weights,
 * class or options of the optimizer, names, types or shapes of tensors.
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
  const { contents, payload } = unpack("restoreCheckpoint", bytes);
  const specs = contents as Contents<Spec>;
  const target = contentsOf("restoreCheckpoint", state);
  checkSameState("restoreCheckpoint", specs, target);

  const tensors = tf.tidy(() => {
    let offset = 0;
    const saved = mapContents(specs, ({ name, dtype, shape }) => {
      const size = tf.util.sizeFromShape(shape) * ARRAYS[dtype].BYTES_PER_ELEMENT;
      const { buffer } = payload.slice(offset, offset + size); // copied, hence aligned
      offset += size;
      return { name, tensor: tf.tensor(new ARRAYS[dtype](buffer), shape, dtype) };
    });
    for (const [name, weights] of Object.entries(target.models)) {
      // Not by weight.write, which applies the constraint once more.
      weights.forEach(({ tensor }, i) => {
        (tensor as tf.Variable).assign(saved.models[name]![i]!.tensor);
      });
    }
    if (state.optimizer) writeOptimizer(state.optimizer, saved.optimizer!);
    const rest = saved.tensors.filter(({ name, tensor }) => {
      const given = state.tensors?.[name];
      if (given instanceof tf.Variable) given.assign(tensor);
      return !(given instanceof tf.Variable);
    });
    return Object.fromEntries(rest.map(({ name, tensor }) => [name, tensor]));
  });
  return { tensors, values: specs.values };
}
