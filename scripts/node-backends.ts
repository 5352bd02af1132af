import { existsSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";

/** The driver of the software GPU that Debian's chromium includes. */
export const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Loads and selects a backend in Node. Throws if it cannot start. */
export async function startNodeBackend(backend: string): Promise<void> {
  if (backend === "cpu") await import("@tensorflow/tfjs-backend-cpu");
  else if (backend === "wasm") await import("@tensorflow/tfjs-backend-wasm");
  else if (backend === "webgpu") await loadWebgpu();
  else throw new Error(`backend ${backend} does not run in Node; allowed: cpu, wasm, webgpu`);
  if (!(await tf.setBackend(backend))) throw new Error(`backend ${backend} did not start`);
  await tf.ready();
  if (backend === "webgpu") stopOnErrors();
}

/**
 * Loads Dawn for Node, with the Vulkan driver of the environment if set, otherwise with
 * SwiftShader.
 */
async function loadWebgpu(): Promise<void> {
  if ("webgpu" in tf.engine().registry) return; // a second GPU would let the first be collected
  if (!process.env.VK_DRIVER_FILES && existsSync(SWIFTSHADER)) {
    process.env.VK_DRIVER_FILES = SWIFTSHADER;
  }
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const navigator = { gpu: create([]) };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  await import("@tensorflow/tfjs-backend-webgpu");
}

/** Ends the process on an error of the GPU, such as exhausted memory. The backend would go on with wrong numbers. */
function stopOnErrors(): void {
  const { device } = tf.backend() as unknown as { device: EventTarget };
  device.addEventListener("uncapturederror", (event) => {
    const { message } = (event as unknown as { error: Error }).error;
    setImmediate(() => {
      throw new Error(`webgpu: ${message}`);
    });
  });
}
