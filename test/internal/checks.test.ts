import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { checkOptions } from "../../src/internal/checks.ts";

interface Options {
  temperature?: number;
  weights?: tf.Tensor1D;
}

const check = (options: unknown) => () =>
  checkOptions("f", options as Options, ["temperature", "weights"]);

test("checkOptions accepts objects with known names only", () => {
  for (const options of [{}, { temperature: 2 }, { temperature: undefined, weights: undefined }]) {
    expect(check(options)).not.toThrow();
  }
});

test.each<[string, unknown, string]>([
  ["an unknown name", { temprature: 2, temperature: 1, a: 1 }, "temprature, a"],
  ["null", null, "null"],
  ["undefined", undefined, "undefined"],
  ["a number", 10, "10"],
  ["a string", "mean", '"mean"'],
  ["an array", [1], "an array"],
  ["a function", () => 1, "function"],
  ["a Promise", Promise.resolve({}), "a Promise"],
])("checkOptions rejects %s, naming expected and actual", (_, options, got) => {
  const expected = "f: options must be an object with only temperature, weights";
  expect(check(options)).toThrow(`${expected}, got ${got}`);
});

test("checkOptions rejects a tensor, naming expected and actual", () => {
  expect(check(tf.ones([2]))).toThrow("got a tf.Tensor float32 [2]");
});
