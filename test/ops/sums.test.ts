import * as tf from "@tensorflow/tfjs-core";
import { expect, inject, test } from "vitest";
import { channelMeans } from "../../src/ops/channel-means.ts";
import { columnSums } from "../../src/ops/column-sums.ts";
import { isHostMemory } from "../../src/ops/host-memory.ts";
import { meanAll, sumAll } from "../../src/ops/sums.ts";
import { expectClose } from "../support.ts";

test("sumAll and meanAll of a million entries stay within a tenth of the tolerance", async () => {
  const bound = inject("backend").tolerance / 10;
  const x = tf.fill([64, 64, 256], 0.1);
  const mean = Math.fround(0.1);
  const [sum] = await sumAll(x).data();
  expect(Math.abs(sum! / (mean * x.size) - 1)).toBeLessThan(bound);
  expect(Math.abs((await meanAll(x).data())[0]! / mean - 1)).toBeLessThan(bound);
});

test("sumAll of few entries and of a scalar", async () => {
  expect(
    (
      await sumAll(
        tf.tensor2d([
          [1, 2],
          [3, 4.5],
        ]),
      ).data()
    )[0],
  ).toBe(10.5);
  expect((await sumAll(tf.scalar(3)).data())[0]).toBe(3);
});

test.each([[[2, 3]], [[2, 4, 3]], [[2, 4, 5, 3]]])("channelMeans of %j", async (shape) => {
  const x = tf.randomNormal(shape, 0, 1, "float32", 1);
  const values = [...(await x.data())];
  const data = [0, 1, 2].map((c) => {
    const own = values.filter((_, i) => i % 3 === c);
    return own.reduce((a, b) => a + b) / own.length;
  });
  await expectClose(channelMeans(x), { shape: [3], data });
});

test("isHostMemory is true of cpu and wasm alone", () => {
  expect(isHostMemory()).toBe(["cpu", "wasm"].includes(inject("backend").backend));
});

test.each<[[number, number, number]]>([[[2, 1, 3]], [[3, 5, 2]]])(
  "columnSums of %j",
  async (shape) => {
    const x = tf.randomNormal(shape, 0, 1, "float32", 1) as tf.Tensor3D;
    const data = (await x.array()).flatMap((map) =>
      map[0]!.map((_, c) => map.reduce((sum, row) => sum + row[c]!, 0)),
    );
    await expectClose(columnSums(x), { shape: [shape[0]!, shape[2]!], data });
  },
);
