/* Trains in a worker thread, on the backend in `workerData`, and posts the weights. */
import { parentPort, workerData } from "node:worker_threads";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { training } from "./support.ts";

await tf.setBackend(workerData as string);
const { train, weights } = training(5);
await train({ epochs: 3 });
parentPort!.postMessage(await weights());
