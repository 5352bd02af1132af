/* Computes a loss and its gradient in a Web Worker, on the backend that the page names. */
import "@tensorflow/tfjs-backend-webgl";
import "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { kdLoss } from "../src/index.ts";

/** The part of a worker's global scope that is used here. */
interface Scope {
  onmessage: (
    event: MessageEvent<{ backend: string; teacher: number[][]; student: number[][] }>,
  ) => void;
  postMessage(message: unknown): void;
}
const scope = globalThis as unknown as Scope;

scope.onmessage = async ({ data: { backend, teacher, student } }) => {
  await tf.setBackend(backend);
  const { value, grad } = tf.valueAndGrad((z) => kdLoss(tf.tensor2d(teacher), z))(
    tf.tensor2d(student),
  );
  scope.postMessage({
    backend: tf.getBackend(),
    loss: (await value.data())[0],
    slope: await grad.array(),
  });
};
scope.postMessage("ready");
