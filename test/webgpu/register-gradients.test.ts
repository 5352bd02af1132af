import * as tf from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";
import { registerGradientKernels } from "../../src/webgpu/index.ts";

const kernels = () => tf.getKernelsForBackend("webgpu");

test("needs the backend's kernels, and replaces two of them without a warning", async () => {
  expect(registerGradientKernels).toThrow(
    "registerGradientKernels: the webgpu backend is not imported; " +
      'import "@tensorflow/tfjs-backend-webgpu" first',
  );
  await import("@tensorflow/tfjs-backend-webgpu");
  expect(tf.findBackendFactory("webgpu")).toBeNull(); // Node without Dawn
  const stock = kernels();
  const warn = vi.spyOn(console, "warn");

  registerGradientKernels();
  const replaced = stock.filter(({ kernelName, kernelFunc }) => {
    return tf.getKernel(kernelName, "webgpu")!.kernelFunc !== kernelFunc;
  });
  expect(replaced.map(({ kernelName }) => kernelName).sort()).toEqual([
    tf.Conv2DBackpropFilter,
    tf.DepthwiseConv2dNativeBackpropFilter,
  ]);
  const added = kernels().filter(
    ({ kernelName }) => !stock.some((one) => one.kernelName === kernelName),
  );
  expect(added.map(({ kernelName }) => kernelName).sort()).toEqual([
    "KdCmiBatchNormGrad",
    "KdCmiRepeat",
  ]);

  const once = kernels();
  const gradient = tf.getGradient(tf.Sum);
  registerGradientKernels();
  expect(kernels()).toEqual(once);
  expect(tf.getGradient(tf.Sum)).toBe(gradient);
  expect(warn).not.toHaveBeenCalled();
});
