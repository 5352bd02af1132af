import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { beforeAll, describe, expect, test } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { expectClose, random } from "./support.ts";

beforeAll(registerTrainingKernels);

const optimizers = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.1, 0.9),
  nesterov: () => tf.train.momentum(0.1, 0.9, true),
  adam: () => tf.train.adam(0.01),
  "adam with other parameters": () => tf.train.adam(0.05, 0.8, 0.95, 1e-3),
} as const;

const shapes = [[], [1], [5], [3, 7], [4, 4]];

/** Weights and the optimizer's state after four steps, of which the third changes the learning rate. */
async function train(backend: string, make: () => tf.Optimizer) {
  await tf.setBackend(backend);
  const optimizer = make();
  const variables = shapes.map((shape, i) => tf.variable(random(shape, i + 1)));
  const loss = () => tf.addN(variables.map((w) => tf.sum(tf.square(tf.sub(w, 0.3))))) as tf.Scalar;
  for (let step = 0; step < 4; step++) {
    if (step === 2) Object.assign(optimizer, { learningRate: 0.03 });
    optimizer.minimize(loss, false, variables)?.dispose();
  }
  const state = await optimizer.getWeights();
  const all = [...variables, ...state.map(({ tensor }) => tensor)];
  const values = (await Promise.all(all.map((x) => x.data()))).flatMap((x) => [...x]);
  const names = state.map(({ name }) => name.replace(/\d+/, "#"));
  optimizer.dispose();
  tf.dispose(variables);
  return { values, names };
}

describe.each(Object.entries(optimizers))("%s", (_, make) => {
  test("weights and state are those of cpu", async () => {
    const cpu = await train("cpu", make);
    const wasm = await train("wasm", make);
    expect(wasm.names).toEqual(cpu.names);
    expectClose(wasm.values, cpu.values);
  });

  test("leaks nothing", async () => {
    await tf.setBackend("wasm");
    const optimizer = make();
    const w = tf.variable(random([5], 1));
    const step = () => optimizer.minimize(() => tf.sum(tf.square(w)) as tf.Scalar, false, [w]);
    step();
    const count = () => [tf.memory().numTensors, tf.engine().backend.numDataIds()];
    const before = count();
    for (let i = 0; i < 3; i++) step();
    expect(count()).toEqual(before);
    optimizer.dispose();
    w.dispose();
  });

  test("a list of gradients, as model.fit gives, and a clone of a weight that keeps its values", async () => {
    await tf.setBackend("wasm");
    const optimizer = make();
    const w = tf.variable(tf.tensor1d([1, 2, 3]));
    const clone = w.clone();
    optimizer.applyGradients([{ name: w.name, tensor: tf.tensor1d([1, 1, 1]) }]);
    expect([...(await clone.data())]).toEqual([1, 2, 3]);
    expect((await w.data())[0]).toBeLessThan(1);
    optimizer.dispose();
    tf.dispose([w, clone]);
  });
});
