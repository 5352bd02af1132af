import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import {
  channelWiseLoss,
  correlationLoss,
  factorTransferLoss,
  fspLoss,
  hintLoss,
  pktLoss,
  rkdLoss,
  similarityLoss,
} from "../../src/index.ts";
import { expectClose, valueAndGrad } from "../support.ts";

const tokens = (seed: number) => tf.randomNormal([4, 3, 2], 0, 1, "float32", seed);

test.each([
  ["hintLoss", hintLoss],
  ["similarityLoss", similarityLoss],
  ["correlationLoss", correlationLoss],
  ["pktLoss", pktLoss],
  ["rkdLoss", rkdLoss],
] as const)(
  "%s takes tokens [N, T, D] as one row per sample",
  { tags: "broad" },
  async (_, loss) => {
    const [teacher, student] = [tokens(1), tokens(2)];
    const rows = (x: tf.Tensor) => tf.reshape(x, [4, 6]);
    const expected = valueAndGrad((s) => loss(rows(teacher), s), rows(student));
    const { value, grad } = valueAndGrad((s) => loss(teacher, s), student);
    await expectClose(value, { shape: [], data: [...(await expected.value.data())] });
    await expectClose(grad, { shape: [4, 3, 2], data: [...(await expected.grad.data())] });
  },
);

test.each([
  ["channelWiseLoss", channelWiseLoss, "teacherMaps"],
  ["factorTransferLoss", factorTransferLoss, "teacherFactors"],
  ["fspLoss", (t: tf.Tensor, s: tf.Tensor) => fspLoss([t, t], [s, s]), "teacherMaps[0]"],
] as const)("%s says how to make maps of tokens", (fn, loss, name) => {
  expect(() => loss(tokens(1), tokens(2))).toThrow(
    `${fn}: ${name} must be float32 [batch,height,width,channels], got float32 [4,3,2]; reshape tokens of a grid to this, without class token`,
  );
});
