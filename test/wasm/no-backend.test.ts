import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";

test("throws without the wasm backend, and registers nothing", () => {
  expect(registerTrainingKernels).toThrow(
    "registerTrainingKernels: the wasm backend is not registered; " +
      'import "@tensorflow/tfjs-backend-wasm" first',
  );
  expect(tf.getKernelsForBackend("wasm")).toEqual([]);
});
