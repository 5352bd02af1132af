import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { featuresOf } from "../finite-differences.ts";
import {
  expectClose,
  expectNoLeakWithGradient,
  type Golden,
  toTensor,
  valueAndGrad,
  valueAndGrads,
} from "../support.ts";

/** A loss between single layers or lists of layers. */
export type LayersLoss = (
  teacher: tf.Tensor | tf.Tensor[],
  student: tf.Tensor | tf.Tensor[],
  options?: Record<string, number>,
) => tf.Scalar;

/** A loss between a teacher tensor and a student tensor. */
type PairLoss = (teacher: tf.Tensor, student: tf.Tensor) => tf.Tensor;

/** Tests value and gradients of each case of a golden file with single layers or lists. */
export function testGolden(golden: object, loss: LayersLoss): void {
  for (const { name, params, inputs, outputs, grads } of (golden as Golden).cases) {
    test(`value and gradient of ${name}`, { tags: "float16" }, async () => {
      const keys = Object.keys(inputs).filter((key) => key.startsWith("student"));
      const students = keys.map((key) => toTensor(inputs[key]!));
      const teachers = keys.map((key) => toTensor(inputs[key.replace("student", "teacher")]!));
      const isList = "student0" in inputs;
      const result = valueAndGrads(
        (xs) => (isList ? loss(teachers, xs, params) : loss(teachers[0]!, xs[0]!, params)),
        students,
      );
      await expectClose(result.value, outputs.loss!);
      for (const [i, key] of keys.entries()) await expectClose(result.grads[i]!, grads[key]!);
    });
  }
}

/** Tests pairs of a teacher tensor and a student tensor for leaks. */
export function testNoLeakOf(loss: PairLoss, pairs: () => readonly [tf.Tensor, tf.Tensor][]): void {
  test("leaves no tensor behind, with and without gradient", () => {
    for (const [teacher, student] of pairs()) {
      expectNoLeakWithGradient((x) => loss(teacher, x), student);
    }
  });
}

/** Tests that feature maps give the loss of their flattened rows. */
export function testMapsAsRows(loss: PairLoss): void {
  test("flattens feature maps to rows, for any upstream gradient", async () => {
    const [teacher, maps] = [1, 2].map((seed) =>
      tf.randomNormal([3, 2, 2, 2], 0, 1, "float32", seed),
    ) as [tf.Tensor, tf.Tensor];
    const got = valueAndGrad((x) => loss(teacher, x), maps, tf.scalar(2));
    const rows = [teacher, maps].map((x) => tf.reshape(x, [3, 8])) as [tf.Tensor, tf.Tensor];
    const expected = valueAndGrad((x) => loss(rows[0], x), rows[1]);
    await expectClose(got.value, { shape: [], data: [...(await expected.value.data())] });
    const grad = [...(await tf.mul(expected.grad, 2).data())];
    await expectClose(got.grad, { shape: [3, 2, 2, 2], data: grad });
  });
}

/** Tests the errors of a loss between features of any width. */
export function testFeatureErrors(fn: string, loss: PairLoss): void {
  test("rejects features of a different batch, rank or dtype", () => {
    const features = featuresOf(4, 3, 1);
    expect(() => loss(features, tf.ones([3, 3]))).toThrow(
      `${fn}: studentFeatures must have the batch of teacherFeatures [4,3], got [3,3]`,
    );
    expect(() => loss(tf.ones([4]), features)).toThrow(
      `${fn}: teacherFeatures must be float32 [batch,...], got float32 [4]`,
    );
    expect(() => loss(features, tf.ones([4, 2], "int32"))).toThrow(
      `${fn}: studentFeatures must be float32 [batch,...], got int32 [4,2]`,
    );
  });
}
