import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { kdLoss } from "kd-cmi";
import { expect, test, vi } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";

test("a backend that starts without SIMD drops the kernels of ops, which then compose tfjs'", async () => {
  vi.spyOn(WebAssembly, "Module").mockImplementation(function Module() {
    throw new WebAssembly.CompileError("invalid opcode 0xfd");
  });
  registerTrainingKernels();
  expect(tf.getKernel("KdCmiSoftDivergence", "wasm")).toBeDefined();
  await tf.setBackend("wasm");
  expect(tf.getKernel("KdCmiSoftDivergence", "wasm")).toBeUndefined();
  // KL((1/2, 1/2) ‖ (1/4, 3/4)) = log(2/√3)
  const [teacher, student] = [tf.tensor2d([[0, 0]]), tf.tensor2d([[0, Math.log(3)]])];
  const [loss] = await kdLoss(teacher, student, { temperature: 1 }).data();
  expect(loss).toBeCloseTo(Math.log(2 / Math.sqrt(3)), 6);
});
