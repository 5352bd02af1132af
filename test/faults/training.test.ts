import { Worker } from "node:worker_threads";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, test } from "vitest";
import { kdLoss } from "../../src/index.ts";
import { logitsOf, valueAndGrad } from "../support.ts";
import { training } from "./support.ts";

afterEach(async () => {
  await tf.setBackend("cpu");
});

const expectSame = (got: number[][], expected: number[][], digits: number) => {
  expect(got.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  got.flat().forEach((x, i) => {
    expect(x).toBeCloseTo(expected.flat()[i]!, digits);
  });
};

test("a loss takes tensors of another backend after a switch", async () => {
  await tf.setBackend("cpu");
  const [teacher, student] = [logitsOf(5, 7, 1), logitsOf(5, 7, 2)];
  const own = valueAndGrad((z) => kdLoss(teacher, z), student);
  const [value, grad] = [await own.value.data(), await own.grad.data()];
  for (const backend of ["wasm", "cpu"]) {
    await tf.setBackend(backend);
    const moved = valueAndGrad((z) => kdLoss(teacher, z), student);
    expectSame([[...(await moved.value.data())]], [[...value]], 5);
    expectSame([[...(await moved.grad.data())]], [[...grad]], 5);
  }
});

test("a training run goes on after a switch of the backend", async () => {
  await tf.setBackend("cpu");
  const undisturbed = training(7);
  await undisturbed.train({ epochs: 6 });
  const switched = training(7);
  await switched.train({ epochs: 2 });
  await tf.setBackend("wasm");
  await switched.train({ initialEpoch: 2, epochs: 4 });
  await tf.setBackend("cpu");
  await switched.train({ initialEpoch: 4, epochs: 6 });
  expectSame(await switched.weights(), await undisturbed.weights(), 4);
});

test("two training runs at once give bitwise the weights of one after the other", async () => {
  await tf.setBackend("cpu");
  const alone = [training(3), training(4)];
  for (const { train } of alone) await train({ epochs: 4 });
  const together = [training(3), training(4)];
  await Promise.all(together.map(({ train }) => train({ epochs: 4 })));
  for (const [i, { weights }] of together.entries()) {
    expect(await weights()).toEqual(await alone[i]!.weights());
  }
});

test.each(["cpu", "wasm"])("10,000 steps on %s take no memory", async (backend) => {
  await tf.setBackend(backend);
  const teacher = logitsOf(2, 3, 1);
  const logits = tf.variable(logitsOf(2, 3, 2));
  const optimizer = tf.train.momentum(0.01, 0.9);
  const step = () => optimizer.minimize(() => kdLoss(teacher, logits));
  const memory = () => {
    const { numTensors, numDataBuffers, numBytes } = tf.memory();
    const wasm = (tf.backend() as { wasm?: { asm: { memory: WebAssembly.Memory } } }).wasm;
    return { numTensors, numDataBuffers, numBytes, heap: wasm?.asm.memory.buffer.byteLength };
  };
  for (let i = 0; i < 100; i++) step();
  const before = memory();
  for (let i = 0; i < 10_000; i++) step();
  expect(memory()).toEqual(before);
  const [loss] = await kdLoss(teacher, logits).data();
  expect(loss).toBeLessThan(1e-4); // the steps were taken
  optimizer.dispose();
  tf.dispose([teacher, logits]);
});

test("worker threads on cpu and wasm, at the same time, train the student of the main thread", async () => {
  const start = (backend: string) =>
    new Promise<number[][]>((resolve, reject) => {
      const url = new URL("worker.ts", import.meta.url).href;
      const code = `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(url)}); })`;
      const worker = new Worker(code, { eval: true, workerData: backend });
      worker.once("message", resolve);
      worker.once("error", reject);
    });
  const workers = Promise.all(["cpu", "wasm"].map(start));
  await tf.setBackend("cpu");
  const { train, weights } = training(5);
  await train({ epochs: 3 });
  for (const got of await workers) expectSame(got, await weights(), 4);
});
