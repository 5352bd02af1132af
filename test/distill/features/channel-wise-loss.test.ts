import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { channelWiseLoss, kdLoss } from "../../../src/index.ts";
import golden from "../../golden/channel_wise.json";
import { expectClose, reference, valueAndGrad } from "../../support.ts";
import { testGolden } from "../support.ts";
import {
  mapsOf,
  testDegenerateMaps,
  testEqualShapeErrors,
  testNoLeak,
  testSumOfLayers,
} from "./support.ts";

testGolden(golden, channelWiseLoss);
testSumOfLayers(channelWiseLoss, [
  [
    [2, 3, 3, 2],
    [2, 3, 3, 2],
  ],
  [
    [2, 1, 4, 3],
    [2, 1, 4, 3],
  ],
]);
testDegenerateMaps(channelWiseLoss);
testNoLeak(channelWiseLoss, [2, 3, 3, 2], [2, 3, 3, 2]);
testEqualShapeErrors("channelWiseLoss", channelWiseLoss);

test("is kdLoss with channels as samples and positions as classes", async () => {
  const [teacher, student] = [mapsOf([2, 3, 2, 4], 1), mapsOf([2, 3, 2, 4], 2)];
  const rows = (x: tf.Tensor) =>
    tf.reshape(tf.transpose(tf.reshape(x, [2, 6, 4]), [0, 2, 1]), [8, 6]);
  const [expected] = await kdLoss(rows(teacher), rows(student), { temperature: 3 }).data();
  const loss = channelWiseLoss(teacher, student, { temperature: 3 });
  await expectClose(loss, reference(expected!));
});

test("does not change with a constant per channel, and is 0 for equal maps", async () => {
  const [teacher, student] = [mapsOf([2, 3, 3, 2], 1), mapsOf([2, 3, 3, 2], 2)];
  const shift = tf.tensor4d([3, -2], [1, 1, 1, 2]);
  const [plain] = await channelWiseLoss(teacher, student).data();
  await expectClose(channelWiseLoss(teacher, tf.add(student, shift)), reference(plain!));
  const { value, grad } = valueAndGrad((s) => channelWiseLoss(teacher, s), teacher);
  expect((await value.data())[0]).toBe(0);
  expect(Math.max(...(await tf.abs(grad).data()))).toBe(0);
});

test("rejects a temperature of 0", () => {
  const maps = tf.ones([1, 2, 2, 1]);
  expect(() => channelWiseLoss(maps, maps, { temperature: 0 })).toThrow(
    "channelWiseLoss: temperature must be a finite number > 0, got 0",
  );
});
