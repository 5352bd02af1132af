import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { beforeEach, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { registerTrainingKernels } from "../../src/wasm/index.ts";

const stock = tf.getKernelsForBackend("wasm");
const range = manifest.peerDependencies["@tensorflow/tfjs-backend-wasm"];

/** Leaves the wasm backend with its own kernels, but without those named. */
function removeKernels(...names: string[]): void {
  for (const { kernelName } of tf.getKernelsForBackend("wasm")) {
    tf.unregisterKernel(kernelName, "wasm");
  }
  for (const kernel of stock) if (!names.includes(kernel.kernelName)) tf.registerKernel(kernel);
}

beforeEach(() => removeKernels());

// What 4.0.0 and 4.5.0 lack.
test.each([[["Sign", "DenseBincount", "MaxPoolGrad"]], [["MaxPoolGrad"]]])(
  "names the version range of the backend if %s are missing, and registers nothing",
  (names) => {
    removeKernels(...names);
    const before = tf.getKernelsForBackend("wasm");
    expect(registerTrainingKernels).toThrow(
      new Error(
        `registerTrainingKernels: needs @tensorflow/tfjs-backend-wasm ${range}, ` +
          `got a wasm backend without the kernels ${names.join(", ")}`,
      ),
    );
    expect(tf.getKernelsForBackend("wasm")).toEqual(before);
  },
);
