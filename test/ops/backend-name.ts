import * as tf from "@tensorflow/tfjs-core";

const FLOAT32 = "WEBGL_RENDER_FLOAT32_ENABLED";

/**
 * Runs a function on the cpu backend under the name of another one, for which operations choose their ways.
 *
 * @param isFloat16 Whether webgl has 16-bit floats. They are computed in 32 bits here.
 */
export async function underName<T>(
  name: "webgl" | "webgpu",
  run: () => T | Promise<T>,
  isFloat16 = false,
): Promise<T> {
  const flags = tf.env();
  flags.registerFlag(FLOAT32, () => true);
  const own = tf.getBackend();
  flags.set(FLOAT32, !isFloat16);
  tf.registerBackend(name, tf.findBackendFactory("cpu"));
  tf.copyRegisteredKernels("cpu", name);
  try {
    await tf.setBackend(name);
    return await run();
  } finally {
    await tf.setBackend(own);
    tf.removeBackend(name);
    for (const { kernelName } of tf.getKernelsForBackend(name))
      tf.unregisterKernel(kernelName, name);
  }
}
