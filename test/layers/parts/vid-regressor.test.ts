import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { contrastProjection, vidLogScale, vidRegressor } from "../../../src/layers/index.ts";
import golden from "../../golden/vid.json";
import { expectClose, type Golden, toTensor, valueAndGrad } from "../../support.ts";
import {
  expectFit,
  expectSaved,
  expectTraining,
  normal,
  setWeights,
  useTrainingKernels,
} from "../support.ts";

useTrainingKernels();

/** The Gaussian negative log-likelihood of VID without its constant, as in the reference. */
function negativeLogLikelihood(teacher: tf.Tensor, predicted: tf.Tensor, logScale: tf.Tensor) {
  const variance = tf.add(tf.softplus(logScale), 1e-5);
  const squares = tf.div(tf.square(tf.sub(predicted, teacher)), variance);
  return tf.mul(tf.mean(tf.add(squares, tf.log(variance))), 0.5);
}

for (const { name, inputs, outputs, grads } of (golden as unknown as Golden).cases) {
  test(`with the reference's weights, loss and gradient of ${name}`, async () => {
    const [teacher, student] = [toTensor(inputs.teacher!), toTensor(inputs.student!)];
    const kernels = [0, 1, 2].map((i) => toTensor(inputs[`kernel${i}`]!));
    const [studentChannels, midChannels] = kernels[0]!.shape as [number, number];
    const teacherChannels = kernels[2]!.shape[1]!;
    const regressor = vidRegressor({ studentChannels, teacherChannels, midChannels });
    const filters = kernels.map((kernel) => tf.expandDims(tf.expandDims(kernel, 0), 0));
    regressor.setWeights([...filters, toTensor(inputs.logScale!)]);
    const { value, grad } = valueAndGrad((x) => {
      const predicted = regressor.apply(x) as tf.Tensor;
      return negativeLogLikelihood(teacher, predicted, vidLogScale(regressor));
    }, student);
    await expectClose(value, outputs.loss!);
    await expectClose(grad, grads.student!);
  });
}

test("starts at the given variance", async () => {
  for (const initialVariance of [5, 0.5, 1000]) {
    const regressor = vidRegressor({ studentChannels: 2, teacherChannels: 3, initialVariance });
    const variance = tf.add(tf.softplus(vidLogScale(regressor)), 1e-5);
    const data = [initialVariance, initialVariance, initialVariance];
    await expectClose(variance, { shape: [3], data });
  }
});

test("saves and loads with its log-scale, then both train, at any size", {
  tags: "broad",
}, async () => {
  const regressor = vidRegressor({ studentChannels: 2, teacherChannels: 3 });
  setWeights(regressor);
  const [student, teacher] = [normal([2, 3, 2, 2], 1), normal([2, 3, 2, 3], 2)];
  const loaded = await expectSaved(regressor, student);
  const initial = [...(await vidLogScale(regressor).data())];
  await expectClose(vidLogScale(loaded), { shape: [3], data: initial });
  await expectTraining(() =>
    negativeLogLikelihood(teacher, loaded.apply(student) as tf.Tensor, vidLogScale(loaded)),
  );
  expect([...(await vidLogScale(loaded).data())]).not.toEqual(initial);
  expect([...(await vidLogScale(regressor).data())]).toEqual(initial);
  await expectFit(loaded, normal([2, 2, 2, 2], 3), normal([2, 2, 2, 3], 4));
});

test("teacherSize pools larger maps before the convolutions, in both directions", async () => {
  const channels = { studentChannels: 2, teacherChannels: 3 };
  const pooling = vidRegressor({ ...channels, teacherSize: [2, 4] });
  const plain = vidRegressor(channels);
  setWeights(pooling);
  plain.setWeights(pooling.getWeights());
  const student = normal([2, 4, 4, 2], 1) as tf.Tensor4D;
  const got = valueAndGrad((x) => pooling.apply(x) as tf.Tensor, student);
  const expected = valueAndGrad(
    (x) => plain.apply(tf.avgPool(x as tf.Tensor4D, [2, 1], [2, 1], "valid")) as tf.Tensor,
    student,
  );
  for (const key of ["value", "grad"] as const) {
    const { shape } = expected[key];
    await expectClose(got[key], { shape, data: [...(await expected[key].data())] });
  }
  expect(pooling.outputShape).toEqual([null, null, null, 3]);
  expect((pooling.apply(normal([1, 1, 3, 2], 2)) as tf.Tensor).shape).toEqual([1, 1, 3, 3]);
  await expectSaved(pooling, normal([2, 5, 4, 2], 3));
});

test("rejects invalid options, naming expected and actual", () => {
  const channels = { studentChannels: 2, teacherChannels: 3 };
  expect(() => vidRegressor({ ...channels, studentChannels: 0 })).toThrow(
    "vidRegressor: studentChannels must be an integer >= 1, got 0",
  );
  expect(() => vidRegressor({ ...channels, teacherChannels: 0 })).toThrow(
    "vidRegressor: teacherChannels must be an integer >= 1, got 0",
  );
  expect(() => vidRegressor({ ...channels, midChannels: 0.5 })).toThrow(
    "vidRegressor: midChannels must be an integer >= 1, got 0.5",
  );
  expect(() => vidRegressor({ ...channels, teacherSize: [2] })).toThrow(
    "vidRegressor: teacherSize must be [height,width] of integers >= 1, got [2]",
  );
  expect(() => vidRegressor({ ...channels, epsilon: -1 })).toThrow(
    "vidRegressor: epsilon must be a finite number >= 0, got -1",
  );
  expect(() => vidRegressor({ ...channels, initialVariance: 0 })).toThrow(
    "vidRegressor: initialVariance must be a finite number > 0.00001, got 0",
  );
  expect(() => vidLogScale(contrastProjection({ inputShape: [2] }))).toThrow(
    /vidLogScale: regressor must be a vidRegressor, got layers .*dense/,
  );
});
