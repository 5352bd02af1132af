import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import {
  encodeCheckpoint,
  restoreCheckpoint,
  setLearningRate,
  type TrainingState,
} from "../../../src/layers/index.ts";
import { normal, optimizers, useTrainingKernels } from "../support.ts";
import { network, numbersOf, train } from "./support.ts";

useTrainingKernels();

for (const [name, create] of Object.entries(optimizers)) {
  test(`${name}: resumed is bitwise the same as uninterrupted`, { tags: "broad" }, async () => {
    const [model, optimizer] = [network(), create(0.1)];
    train(model, optimizer, 0, 1);
    setLearningRate(optimizer, 0.05);
    train(model, optimizer, 1, 2);
    const bytes = await encodeCheckpoint({ models: { model }, optimizer });
    train(model, optimizer, 2, 4);
    const expected = await numbersOf(model);

    const fresh = { models: { model: network() }, optimizer: create(0.3) };
    restoreCheckpoint(bytes, fresh);
    expect(fresh.optimizer.iterations).toBe(2);
    train(fresh.models.model, fresh.optimizer, 2, 4);
    expect(await numbersOf(fresh.models.model)).toEqual(expected);

    const before = tf.memory().numTensors; // back to an earlier state
    restoreCheckpoint(bytes, fresh);
    expect(tf.memory().numTensors).toBe(before);
    expect(await encodeCheckpoint(fresh)).toEqual(bytes);
  });
}

test("restores tensors and values, variables in place, others as new tensors", async () => {
  const centroids = tf.variable(normal([3, 3], 1));
  const rows = tf.tensor1d([7, -1, 2], "int32");
  const seen = tf.tensor2d([[1, 0]], [1, 2], "bool");
  const nothing = tf.zeros([0, 3]);
  const history = { loss: [0.1 + 0.2, Number.NaN, Number.NEGATIVE_INFINITY, -0], note: "ä✓" };
  const state = { models: {}, tensors: { centroids, rows, seen, nothing } };
  const expected = await centroids.data();
  const pending = encodeCheckpoint({ ...state, values: { step: 3, history } });
  // Training continues before the bytes are available.
  history.loss.push(1);
  centroids.assign(normal([3, 3], 2));
  const bytes = await pending;

  const before = tf.memory().numTensors;
  const { tensors, values } = restoreCheckpoint(bytes, { models: {}, tensors: { centroids } });
  expect(tf.memory().numTensors).toBe(before + 3);
  expect(await centroids.data()).toEqual(expected);
  expect(Object.keys(tensors)).toEqual(["rows", "seen", "nothing"]);
  expect(await tensors.rows!.array()).toEqual([7, -1, 2]);
  expect([tensors.rows!.dtype, tensors.seen!.dtype]).toEqual(["int32", "bool"]);
  expect(await tensors.seen!.array()).toEqual([[1, 0]]);
  expect(tensors.nothing!.shape).toEqual([0, 3]);
  const loss = [0.1 + 0.2, Number.NaN, Number.NEGATIVE_INFINITY, -0];
  expect(values).toEqual({ step: 3, history: { loss, note: "ä✓" } });
});

test("restores the weights of nested and partly frozen models", async () => {
  const nested = () => {
    const inner = network();
    return tfl.sequential({ layers: [inner, tfl.layers.dense({ units: 3 })] });
  };
  const [frozen, model] = [nested(), nested()];
  frozen.layers[0]!.trainable = false;
  const inner = frozen.layers[0] as tfl.Sequential;
  inner.layers[0]!.trainable = false;
  const bytes = await encodeCheckpoint({ models: { model: frozen } });
  restoreCheckpoint(bytes, { models: { model } });
  const output = (x: tfl.LayersModel) => (x.predict(normal([2, 4], 1)) as tf.Tensor).data();
  expect(await output(model)).toEqual(await output(frozen));
});

const dense = (units: number, useBias = true) =>
  tfl.sequential({ layers: [tfl.layers.dense({ units, useBias, inputShape: [4] })] });
const saved = (): TrainingState => ({
  models: { student: dense(3) },
  optimizer: optimizers.adam!(0.1),
  tensors: { bank: tf.zeros([2, 2]) },
});
const two = () => tfl.sequential({ layers: [dense(3).layers[0]!, tfl.layers.dense({ units: 2 })] });

test.each<[() => Partial<TrainingState>, string]>([
  [
    () => ({ models: {} }),
    "models/student/0/kernel must be as in the checkpoint, float32 [4,3], got none",
  ],
  [() => ({ models: { teacher: dense(3) } }), "models/student/0/kernel must be as in"],
  [
    () => ({ models: { student: dense(3), head: dense(3) } }),
    "models/head/0/kernel must be as in the checkpoint, none, got float32 [4,3]",
  ],
  [
    () => ({ models: { student: two() } }),
    "models/student/2/kernel must be as in the checkpoint, none, got float32 [3,2]",
  ],
  [
    () => ({ models: { student: dense(5) } }),
    "models/student/0/kernel must be as in the checkpoint, float32 [4,3], got float32 [4,5]",
  ],
  [
    () => ({ models: { student: dense(3, false) } }),
    "models/student/1/bias must be as in the checkpoint, float32 [3], got none",
  ],
  [
    () => ({ optimizer: undefined }),
    "state.optimizer must be as in the checkpoint, Adam, got none",
  ],
  [() => ({ optimizer: optimizers.sgd!(0.1) }), "Adam, got SGD"],
  [
    () => ({ optimizer: tf.train.adam(0.1, 0.8) }),
    'options of state.optimizer must be as in the checkpoint, {"beta1":0.9,',
  ],
  [
    () => ({ tensors: { queue: tf.zeros([2, 2]) } }),
    "tensors/queue must be as in the checkpoint, none, got float32 [2,2]",
  ],
  [
    () => ({ tensors: { bank: tf.variable(tf.zeros([2, 3])) } }),
    "tensors/bank must be as in the checkpoint, float32 [2,2], got float32 [2,3]",
  ],
  [() => ({ tensors: { bank: tf.zeros([2, 2], "int32") } }), "float32 [2,2], got int32 [2,2]"],
])("another architecture changes nothing: %#", async (change, message) => {
  const bytes = await encodeCheckpoint(saved());
  const state = { ...saved(), ...change() };
  const before = await encodeCheckpoint(state);
  const count = tf.memory().numTensors;
  expect(() => restoreCheckpoint(bytes, state)).toThrow(`restoreCheckpoint: `);
  expect(() => restoreCheckpoint(bytes, state)).toThrow(message);
  expect(tf.memory().numTensors).toBe(count);
  expect(await encodeCheckpoint(state)).toEqual(before);
});

test("an optimizer that trained other weights changes nothing", async () => {
  const [state, other] = [saved(), saved()];
  other.models = { student: dense(5) };
  for (const { models, optimizer } of [state, other]) {
    const weights = models.student!.trainableWeights.map((x) => x.read() as tf.Variable);
    optimizer!.minimize(() => tf.addN(weights.map((x) => tf.sum(x))) as tf.Scalar, false, weights);
  }
  const bytes = await encodeCheckpoint(state);
  other.models = { student: dense(3) };
  expect(() => restoreCheckpoint(bytes, other)).toThrow(
    "optimizer/accumulatedFirstMoment/0 must be as in the checkpoint, float32 [4,3], got float32 [4,5]",
  );
});

test("a checkpoint with any byte changed, or truncated anywhere, changes nothing", async () => {
  const x = tf.variable(tf.tensor1d([1, 2, 3]));
  const state = { models: {}, tensors: { x } };
  const bytes = await encodeCheckpoint({ ...state, values: { epoch: 1 } });
  x.assign(tf.tensor1d([4, 5, 6]));
  const message = /restoreCheckpoint: bytes must be a (complete )?checkpoint/;
  for (let i = 0; i < bytes.length; i++) {
    const changed = Uint8Array.from(bytes);
    changed[i]! ^= 1 << (i % 8);
    expect(() => restoreCheckpoint(changed, state)).toThrow(message);
    expect(() => restoreCheckpoint(bytes.subarray(0, i), state)).toThrow(message);
  }
  expect(() => restoreCheckpoint(Uint8Array.of(...bytes, 0), state)).toThrow("corrupted");
  expect([...(await x.data())]).toEqual([4, 5, 6]);
  // A view of a larger buffer, as Node's Buffers are.
  const view = Uint8Array.of(0, ...bytes, 0).subarray(1, -1);
  expect(restoreCheckpoint(view, state).values).toEqual({ epoch: 1 });
});

test("rejects state that cannot be saved, naming expected and actual", async () => {
  const name = tf.tensor1d(["a"]);
  await expect(encodeCheckpoint({ models: {}, tensors: { name } })).rejects.toThrow(
    "encodeCheckpoint: tensors/name of the state must be float32, int32 or bool, got string [1]",
  );
  const optimizer = tf.train.sgd(0.1);
  optimizer.getClassName = () => "Mine";
  await expect(encodeCheckpoint({ models: {}, optimizer })).rejects.toThrow(
    "encodeCheckpoint: state.optimizer must be one of SGD, Momentum, Adagrad, Adadelta, RMSProp, Adam, Adamax, got Mine",
  );
});
