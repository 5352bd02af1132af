import * as tf from "@tensorflow/tfjs-core";

/** Backends whose tensors are in CPU memory. */
const HOST_BACKENDS = ["cpu", "wasm"];

/** Whether tensors of the current backend can be read synchronously without waiting for a GPU. */
export const isHostMemory = (): boolean => HOST_BACKENDS.includes(tf.getBackend());
