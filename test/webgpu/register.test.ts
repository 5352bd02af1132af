import * as tf from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";
import { registerLossKernels } from "../../src/webgpu/index.ts";

const names = () => tf.getKernelsForBackend("webgpu").map(({ kernelName }) => kernelName);

test("registers kernels of this library only, also before or without the backend", () => {
  expect(tf.findBackendFactory("webgpu")).toBeNull();
  registerLossKernels();
  expect(names().length).toBeGreaterThan(0);
  expect(names().filter((name) => !name.startsWith("KdCmi"))).toEqual([]);
  expect(tf.getKernelsForBackend("cpu")).toEqual([]);
});

test("a second call changes nothing and logs no warning", () => {
  const warn = vi.spyOn(console, "warn");
  const first = tf.getKernelsForBackend("webgpu");
  registerLossKernels();
  expect(tf.getKernelsForBackend("webgpu")).toEqual(first);
  expect(warn).not.toHaveBeenCalled();
});

test("keeps a kernel that is already registered", () => {
  const [kernelName] = names() as [string];
  tf.unregisterKernel(kernelName, "webgpu");
  const own: tf.KernelConfig = { kernelName, backendName: "webgpu", kernelFunc: () => [] };
  tf.registerKernel(own);
  registerLossKernels();
  expect(tf.getKernel(kernelName, "webgpu")).toBe(own);
});
