import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { keepNaN } from "../../src/ops/keep-nan.ts";
import { atLeastTiny, safeLog } from "../../src/ops/safe-log.ts";
import { sign } from "../../src/ops/sign.ts";
import { softplus } from "../../src/ops/softplus.ts";

test("sign of small, large and zero numbers", async () => {
  const x = tf.tensor1d([1e-30, -1e-30, 0, 3, -1e30]);
  expect([...(await sign(x).data())].map((value) => value + 0)).toEqual([1, -1, 0, 1, -1]);
});

test.each(Object.entries({ sign, atLeastTiny, safeLog, softplus }))(
  "%s keeps NaN",
  async (_, op) => {
    const values = await op(tf.tensor1d([0.5, Number.NaN, 2])).data();
    expect([...values].map(Number.isNaN)).toEqual([false, true, false]);
  },
);

test("keepNaN changes no result of finite numbers", async () => {
  const x = tf.tensor1d([0.1, -3e38, 1e-38]);
  expect(await keepNaN(x, x).data()).toEqual(await x.data());
});
