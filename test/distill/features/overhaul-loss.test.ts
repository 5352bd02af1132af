import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { type LayerFeatures, overhaulLoss } from "../../../src/index.ts";
import golden from "../../golden/overhaul.json";
import { expectClose, type Golden, reference, toTensor, valueAndGrad } from "../../support.ts";
import {
  expectAgreement,
  mapsOf,
  pooled,
  testDegenerateMaps,
  testMapErrors,
  testNoLeak,
} from "./support.ts";

/** With a margin of −0.5 for each channel of each layer. */
const loss = (teacher: LayerFeatures, student: LayerFeatures) =>
  tf.tidy(() => {
    const margin = (x: tf.Tensor) => tf.fill([x.shape.at(-1) ?? 1], -0.5);
    const teachers = [teacher].flat() as tf.Tensor[];
    const margins = teachers.map(margin);
    return overhaulLoss(teacher, student, Array.isArray(teacher) ? margins : margins[0]!);
  });

for (const { name, inputs, outputs, grads } of (golden as unknown as Golden).cases) {
  test(`value and gradient of ${name}`, async () => {
    const [teacher, margin] = [toTensor(inputs.teacher!), toTensor(inputs.margin!)];
    const { value, grad } = valueAndGrad(
      (s) => overhaulLoss(teacher, s, margin),
      toTensor(inputs.student!),
    );
    await expectClose(value, outputs.loss!);
    await expectClose(grad, grads.student!);
  });
}

testDegenerateMaps(loss);
testNoLeak(loss, [2, 3, 3, 2], [2, 5, 5, 2]);
testMapErrors("overhaulLoss", loss);

test("the last of three layers has weight 1, those before it 1/2 and 1/4", async () => {
  const teachers = [1, 2, 3].map((seed) => mapsOf([2, 2, 2, 3], seed));
  const students = [4, 5, 6].map((seed) => mapsOf([2, 2, 2, 3], seed));
  const singles = await Promise.all(teachers.map((t, l) => loss(t, students[l]!).data()));
  const expected = singles.reduce((sum, [x], l) => sum + x! * 2 ** (l - 2), 0);
  await expectClose(loss(teachers, students), reference(expected));
});

test.each<[string, number[], number[], [number, number]]>([
  ["equal sizes", [2, 2, 3, 2], [2, 2, 3, 2], [2, 3]],
  ["a larger teacher", [2, 5, 4, 2], [2, 2, 3, 2], [2, 3]],
  ["a smaller teacher", [2, 2, 1, 2], [2, 3, 2, 2], [3, 2]],
])("matches the formula for %s", { tags: "broad" }, async (_, teacher, student, size) => {
  const formula = (t: number[], s: number[]) => {
    const target = pooled(t, teacher, size);
    const terms = s.map((x, j) => {
      const bound = Math.max(target[j]!, -0.5);
      return x > bound || target[j]! > 0 ? (x - bound) ** 2 : 0;
    });
    return terms.reduce((a, b) => a + b) / student[0]!;
  };
  await expectAgreement(loss, formula, teacher, student);
});

test("ignores a student below a teacher that is off", async () => {
  const teacher = tf.tensor4d([-2, -0.2, 0, 1], [1, 2, 2, 1]);
  const below = tf.tensor4d([-9, -9, -9, 1], [1, 2, 2, 1]);
  const { value, grad } = valueAndGrad((s) => loss(teacher, s), below);
  await expectClose(value, reference(0));
  await expectClose(grad, { shape: [1, 2, 2, 1], data: [0, 0, 0, 0] });
  const above = tf.tensor4d([0, 0, 0, 0], [1, 2, 2, 1]);
  await expectClose(loss(teacher, above), reference(0.25 + 0.04 + 0 + 1));
});

test("rejects other channels, and margins of another size or number", () => {
  const maps = tf.ones([2, 4, 4, 3]);
  const margin = tf.zeros([3]);
  expect(() => overhaulLoss(maps, tf.ones([2, 4, 4, 2]), margin)).toThrow(
    "overhaulLoss: studentMaps must have the channels of teacherMaps [2,4,4,3], got [2,4,4,2]",
  );
  expect(() => overhaulLoss(maps, maps, tf.zeros([2]))).toThrow(
    "overhaulLoss: margin must be float32 [3], got float32 [2]",
  );
  expect(() => overhaulLoss([maps, maps], [maps, maps], [margin, tf.zeros([4])])).toThrow(
    "overhaulLoss: margin[1] must be float32 [3], got float32 [4]",
  );
  expect(() => overhaulLoss([maps], [maps], margin)).toThrow(
    "overhaulLoss: margin must be a list of 1, as teacherMaps, got a single tensor",
  );
  expect(() => overhaulLoss(maps, maps, [margin])).toThrow(
    "overhaulLoss: margin must be a single tensor, as teacherMaps, got a list of 1",
  );
  expect(() => overhaulLoss([maps, maps], [maps, maps], [margin])).toThrow(
    "overhaulLoss: margin must be a list of 2, as teacherMaps, got a list of 1",
  );
});
