/*
 * Writes two checkpoints in turns, endlessly. They are large, so that a write takes some time:
 *
 *   node write.mjs <checkpoint file>
 *
 * Their numbers are all 1 or all 2. It prints a line for each pair.
 */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { encodeCheckpoint, fileCheckpoint } from "../../src/layers/index.ts";

const checkpoints = [1, 2].map((value) => {
  const tensors = { numbers: tf.fill([2 ** 21], value) };
  return encodeCheckpoint({ models: {}, tensors, values: { value } });
});
const [first, second] = (await Promise.all(checkpoints)) as [Uint8Array, Uint8Array];
const store = fileCheckpoint(process.argv[2]!);
for (;;) {
  await store.write(first);
  await store.write(second);
  console.log("written");
}
