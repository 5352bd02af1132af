import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { ReadQueue } from "../../src/internal/read-queue.ts";
import { isHostMemory } from "../../src/ops/host-memory.ts";

const tick = () => new Promise((resolve) => setTimeout(resolve));

/** A queue with a step that is pending until `end` is called. */
function busyQueue() {
  const queue = new ReadQueue();
  const other = new ReadQueue();
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  (other as unknown as { add(step: () => Promise<void>): void }).add(() => ended);
  const pending = queue.follow(other, {}, () => {});
  return { queue, other, end, pending };
}

test("values come in the order of the tensors, and at once from the host's memory", async () => {
  const queue = new ReadQueue();
  const seen: number[][] = [];
  const reading = queue.read([tf.tensor1d([1, 2]), tf.tensor1d([3], "int32")], (a, b) => {
    seen.push([...a!], [...b!]);
  });
  expect(seen).toHaveLength(isHostMemory() ? 2 : 0);
  expect(queue.length).toBe(isHostMemory() ? 0 : 1);
  await reading;
  expect(seen).toEqual([[1, 2], [3]]);
  expect(queue.length).toBe(0);
});

test("a batch waits for pending steps, and its tensors may be disposed meanwhile", async () => {
  const { queue, end } = busyQueue();
  const before = tf.memory().numTensors;
  const seen: number[] = [];
  for (const value of [1, 2]) {
    const x = tf.scalar(value);
    tf.tidy(() => {
      queue.read([x], ([first]) => seen.push(first!));
    });
    x.dispose();
  }
  expect([seen.length, queue.length]).toEqual([0, 3]);
  await tick();
  expect(seen).toEqual([]);
  end();
  await queue.settle();
  expect([seen, queue.length]).toEqual([[1, 2], 0]);
  expect(tf.memory().numTensors).toBe(before);
});

test("settle rejects with the first error until the next reset, and later steps run", async () => {
  const { queue, end } = busyQueue();
  const seen: number[] = [];
  const step = (value: number) =>
    queue.read([tf.scalar(value)], ([x]) => {
      seen.push(x!);
      if (x! < 3) throw new Error(`step ${x}`);
    });
  const reads = [1, 2, 3].map(step);
  end();
  await Promise.all(reads);
  expect(seen).toEqual([1, 2, 3]);
  await expect(queue.settle()).rejects.toThrow("step 1");
  await expect(queue.settle()).rejects.toThrow("step 1");
  queue.reset();
  await queue.settle();
});

test("follow uses the state itself if nothing is pending", async () => {
  const state = { n: 1 };
  const seen: object[] = [];
  const done = new ReadQueue().follow(new ReadQueue(), state, (x) => seen.push(x));
  expect(seen[0]).toBe(state);
  await done;
  expect(seen).toHaveLength(1);
});

test("follow waits for the other queue and for its own, and copies the state in between", async () => {
  const { queue, other, end } = busyQueue();
  const state = { n: 1 };
  const seen: { n: number }[] = [];
  const read = queue.read([tf.scalar(1)], () => seen.push({ n: 0 }));
  const followed = queue.follow(other, state, (x) => seen.push(x));
  const third = new ReadQueue();
  const late = third.follow(other, state, (x) => seen.push(x)); // only the other one is pending
  const own = queue.follow(new ReadQueue(), state, (x) => seen.push(x)); // only its own is pending
  expect([queue.length, other.length, third.length]).toEqual([4, 1, 1]);
  expect(seen).toEqual([]);
  state.n = 2; // a pending step of the other queue may still change it
  end();
  await other.settle();
  await tick();
  state.n = 3;
  await Promise.all([read, followed, late, own]);
  expect(seen.map(({ n }) => n).sort()).toEqual([0, 2, 2, 2]);
  expect(seen).not.toContain(state);
});
