import * as tf from "@tensorflow/tfjs-core";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { registerLossKernels } from "kd-cmi/webgpu";
import type { BackendName } from "../settings.ts";
import { rendererOfWebgl, rendererOfWebgpu } from "./gpu.ts";

/** A reason in words not to use a backend. */
export class Refusal extends Error {}

export interface Started {
  /** A sentence about what is slow here. */
  note?: string;
}

/**
 * Starts a backend.
 *
 * @param onLost Called with a sentence when the backend loses its GPU.
 * @throws A {@link Refusal} if the browser lacks the backend, or the processor emulates its GPU and
 * `allowSoftwareGpu` is false.
 */
export async function startBackend(
  backend: BackendName,
  allowSoftwareGpu: boolean,
  onLost: (message: string) => void,
): Promise<Started> {
  if (backend === "wasm") return startWasm();
  const renderer = await (backend === "webgl" ? rendererOfWebgl() : rendererOfWebgpu());
  if (!renderer) throw new Refusal(`This browser offers no ${TITLES[backend]} in a worker.`);
  if (renderer.isSoftware && !allowSoftwareGpu) {
    throw new Refusal(
      `This browser has no GPU for ${TITLES[backend]}: the processor emulates one (${renderer.name}), ` +
        "which takes 20 to 100 times as long as WebAssembly.",
    );
  }
  await (backend === "webgl" ? startWebgl(onLost) : startWebgpu(onLost));
  return renderer.isSoftware
    ? { note: `The processor emulates the GPU (${renderer.name}). This is slow.` }
    : {};
}

export const TITLES = { wasm: "WebAssembly", webgpu: "WebGPU", webgl: "WebGL" } as const;

async function startWasm(): Promise<Started> {
  if (typeof WebAssembly === "undefined") {
    throw new Refusal("This browser offers no WebAssembly.");
  }
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  const { wasmFiles } = await import("./wasm-files.ts");
  setWasmPaths(wasmFiles);
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false); // needs headers that static hosts do not send
  registerTrainingKernels();
  await setBackend("wasm");
  const hasSimd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  return hasSimd
    ? {}
    : {
        note: "This browser’s WebAssembly has no SIMD instructions. Training takes several times as long.",
      };
}

async function startWebgl(onLost: (message: string) => void) {
  const { MathBackendWebGL } = await import("@tensorflow/tfjs-backend-webgl");
  await setBackend("webgl");
  const backend = tf.backend();
  if (backend instanceof MathBackendWebGL) {
    backend.gpgpu.gl.canvas.addEventListener("webglcontextlost", () =>
      onLost("WebGL lost its GPU."),
    );
  }
}

async function startWebgpu(onLost: (message: string) => void) {
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  registerLossKernels();
  await setBackend("webgpu");
  const backend = tf.backend();
  if (backend instanceof WebGPUBackend) {
    backend.device.lost.then(({ message }) => onLost(`WebGPU lost its GPU: ${message}`));
  }
}

async function setBackend(name: BackendName) {
  if (!(await tf.setBackend(name))) throw new Refusal(`${TITLES[name]} did not start.`);
  await tf.ready();
}
