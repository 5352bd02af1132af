import * as tf from "@tensorflow/tfjs-core";

/** The part of tfjs' webgl backend that holds the context. */
interface WebglBackend {
  gpgpu?: { gl: WebGLRenderingContext };
}

/**
 * Throws if the WebGL context of the current backend is lost, as after a crash of the GPU's driver. Without
 * this, operations on it return zeros or fail with messages about textures. Does not wait for the GPU.
 */
export function checkDevice(fn: string): void {
  if (tf.getBackend() !== "webgl") return;
  if (!(tf.backend() as WebglBackend).gpgpu?.gl.isContextLost()) return;
  throw new Error(
    `${fn}: the WebGL context is lost, and all tensors with it; reload the page, or register the backend anew, and resume from a checkpoint`,
  );
}
