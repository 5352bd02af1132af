import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { isSlot, reorderSlots } from "../../../src/layers/checkpoint/optimizer-state.ts";
import {
  setSlotVariables,
  slotVariables,
  withJoined,
} from "../../../src/layers/checkpoint/slot-variables.ts";

const variables = (count: number) =>
  Array.from({ length: count }, () => tf.variable(tf.zeros([2])));

test("variables join in undefined positions, then at the end, and known ones stay", () => {
  const [a, b, c, d] = variables(4);
  expect(withJoined([], [a!, b!])).toEqual([a, b]);
  expect(withJoined([a], [c!, a!, b!])).toEqual([a, c, b]);
  expect(withJoined([undefined, a, undefined], [a!, b!])).toEqual([b, a, undefined]);
  expect(withJoined([undefined, a], [b!, c!, d!])).toEqual([b, a, c, d]);
});

test("an optimizer has no slot variables before its first step", () => {
  const optimizer = tf.train.momentum(0.1, 0.9);
  expect(slotVariables(optimizer)).toEqual([]);
  const [a] = variables(1);
  setSlotVariables(optimizer, [a]);
  expect(slotVariables(optimizer)).toEqual([a]);
});

test("slots follow their variables to other positions, new ones begin at the initial value", async () => {
  const [a, b, c] = variables(3);
  const optimizer = tf.train.adagrad(0.1, 0.25);
  reorderSlots(optimizer, [], [a!]); // no slots yet
  expect(await optimizer.getWeights()).toHaveLength(1);
  optimizer.applyGradients([
    { name: a!.name, tensor: tf.fill([2], 1) },
    { name: b!.name, tensor: tf.fill([2], 2) },
  ]);
  const before = tf.memory().numTensors;
  reorderSlots(optimizer, [a, b], [c!, b!]);
  expect(tf.memory().numTensors).toBe(before); // one slot left, one joined
  const [, first, second] = await optimizer.getWeights();
  expect(await first!.tensor.array()).toEqual([0.25, 0.25]);
  expect(await second!.tensor.array()).toEqual([4.25, 4.25]);
  expect(first!.name).toContain(c!.name);
  const { accumulatedGrads } = optimizer as unknown as {
    accumulatedGrads: { variable: tf.Variable; originalName: string }[];
  };
  expect(accumulatedGrads.map(({ variable }) => variable.trainable)).toEqual([false, false]);
  expect(accumulatedGrads[0]!.originalName).toBe(`${c!.name}/accumulatedGrads`);
});

test("isSlot is true of the lists' variables alone", () => {
  const paths = ["optimizer/accumulations/0", "optimizer/accBeta1", "models/optimizer/0/kernel"];
  expect(paths.map(isSlot)).toEqual([true, false, false]);
});
