import * as tf from "@tensorflow/tfjs-core";
import { test } from "vitest";
import { mixLogs } from "../../src/ops/mix-logs.ts";
import { expectClose, reference } from "../support.ts";

test("mixes logarithms by the weights of each row, that of 0 as that of 1e-37", async () => {
  const weights = [
    [0.25, 0.75],
    [2, -1],
    [0, 0],
  ];
  const q = [
    [0.5, 0, 1],
    [0.1, 0.6, 0.3],
  ];
  const expected = weights.map(([a, b]) =>
    q[0]!.map((x, c) => a! * Math.log(Math.max(x, 1e-37)) + b! * Math.log(q[1]![c]!)),
  );
  await expectClose(mixLogs(tf.tensor2d(weights), tf.tensor2d(q)), reference(expected));
});
