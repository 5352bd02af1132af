import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import { uploadByQueue } from "../../scripts/upload-by-queue.ts";

test("sends tensors of every dtype and maps no buffer for them", async () => {
  await startNodeBackend("webgpu");
  uploadByQueue();
  const { device } = tf.backend() as WebGPUBackend;
  const createBuffer = vi.spyOn(device, "createBuffer");
  const bits = Array.from({ length: 1200 }, (_, i) => i % 2); // the CPU computes with small tensors
  for (const dtype of ["float32", "int32", "bool"] as const) {
    for (const offset of [1, 2, 3]) {
      const sum = tf.tidy(() => {
        const x = tf.tensor(bits, [2, 600], dtype);
        return tf.add(tf.cast(x, "float32"), tf.mul(tf.fill([2, 600], 1), offset));
      });
      expect([...(await sum.data())]).toEqual(bits.map((x) => x + offset));
      sum.dispose();
    }
  }
  expect(createBuffer.mock.calls.filter(([{ mappedAtCreation }]) => mappedAtCreation)).toEqual([]);
});
