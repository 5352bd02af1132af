import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { attentionFusion } from "../../../src/layers/index.ts";
import { expectClose } from "../../support.ts";
import {
  expectFit,
  expectSaved,
  expectTraining,
  normal,
  setWeights,
  useTrainingKernels,
} from "../support.ts";

useTrainingKernels();

const options = {
  studentShapes: [
    [6, 4, 2],
    [3, 2, 3],
  ],
  teacherShapes: [
    [6, 4, 4],
    [2, 2, 5],
  ],
};
const studentMaps = () => options.studentShapes.map((shape, i) => normal([2, ...shape], i + 1));
const teacherMaps = () => options.teacherShapes.map((shape, i) => normal([2, ...shape], i + 9));
const outputs = (fusion: tfl.LayersModel, maps: tf.Tensor[], training = false) =>
  fusion.apply(maps, { training }) as tf.Tensor[];

test("equals the fusion of the paper, from the last stage to the first", async () => {
  const fusion = attentionFusion(options);
  setWeights(fusion);
  const layers = (className: string) =>
    fusion.layers.filter((x) => x.getClassName() === className).map((x) => x.getWeights());
  // Sorted by the filters' shapes: [1, 1, channels, mid], [1, 1, 2 mid, 1] and [3, 3, mid, channels].
  const filters = layers("Conv2D");
  const find = (...shape: number[]) =>
    filters.filter(([filter]) => filter!.shape.join() === shape.join());
  const [first, last] = [find(1, 1, 2, 3)[0]!, find(1, 1, 3, 3)[0]!];
  const attentions = find(1, 1, 6, 1) as [tf.Tensor4D, tf.Tensor][];
  const [toFirst, toLast] = [find(3, 3, 3, 4)[0]!, find(3, 3, 3, 5)[0]!];
  const norms = layers("BatchNormalization");
  const normOf = (convolution: tf.Tensor[]) => {
    const order = fusion.layers.filter((x) => x.getClassName() === "BatchNormalization");
    const layer = order.find((x) => {
      const input = x.input as tfl.SymbolicTensor;
      return input.sourceLayer.getWeights()[0]!.dataId === convolution[0]!.dataId;
    });
    return norms[order.indexOf(layer!)] as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
  };
  const conv = (x: tf.Tensor, convolution: tf.Tensor[]) => {
    const y = tf.conv2d(x as tf.Tensor4D, convolution[0] as tf.Tensor4D, 1, "same");
    const [gamma, beta, mean, variance] = normOf(convolution);
    return tf.batchNorm(y, mean, variance, beta, gamma, 1e-5);
  };
  const take = (x: tf.Tensor, rows: number[], columns: number[]) =>
    tf.gather(tf.gather(x, rows, 1), columns, 2);

  const [shallow, deep] = studentMaps() as [tf.Tensor, tf.Tensor];
  const x1 = take(conv(deep, last), [0, 1], [0, 1]); // 3 rows to 2: floor(r · 3/2)
  const behind = take(x1, [0, 0, 0, 1, 1, 1], [0, 0, 1, 1]); // 2 × 2 to 6 × 4
  const own = conv(shallow, first);
  const both = tf.concat([own, behind], 3) as tf.Tensor4D;
  const [a, b] = attentions.map(([filter, bias]) =>
    tf.sigmoid(tf.add(tf.conv2d(both, filter, 1, "same"), bias)),
  );
  const x0 = tf.add(tf.mul(own, a!), tf.mul(behind, b!));
  const expected = [conv(x0, toFirst), conv(x1, toLast)];
  const got = outputs(fusion, [shallow, deep]);
  for (const [i, x] of expected.entries()) {
    await expectClose(got[i]!, { shape: x.shape, data: [...(await x.data())] });
  }
});

test("saves and loads, then trains", { tags: "broad" }, async () => {
  const fusion = attentionFusion({ ...options, midChannels: 2 });
  setWeights(fusion);
  const [student, teacher] = [studentMaps(), teacherMaps()];
  const loaded = await expectSaved(fusion, student);
  await expectTraining(() => {
    const losses = outputs(loaded, student, true).map((x, i) =>
      tf.losses.meanSquaredError(teacher[i]!, x),
    );
    return tf.add(losses[0]!, losses[1]!);
  });
  await expectFit(loaded, student, teacher);
});

test("a single stage is not fused", async () => {
  const fusion = attentionFusion({ studentShapes: [[2, 2, 3]], teacherShapes: [[4, 4, 2]] });
  const maps = fusion.apply(normal([1, 2, 2, 3], 1)) as tf.Tensor;
  expect(maps.shape).toEqual([1, 4, 4, 2]);
  expect(fusion.layers.some((x) => x.getClassName() === "Multiply")).toBe(false);
});

test("rejects invalid options, naming expected and actual", () => {
  const [shape] = options.studentShapes as [number[]];
  expect(() => attentionFusion({ studentShapes: [], teacherShapes: [] })).toThrow(
    "attentionFusion: studentShapes and teacherShapes must be lists of the same length, at least 1, got 0 and 0",
  );
  expect(() => attentionFusion({ studentShapes: [shape], teacherShapes: [] })).toThrow(
    "got 1 and 0",
  );
  expect(() => attentionFusion({ studentShapes: [shape], teacherShapes: [[4, 4]] })).toThrow(
    "attentionFusion: teacherShapes[0] must be [height,width,channels] of integers >= 1, got [4,4]",
  );
  expect(() => attentionFusion({ studentShapes: [[0, 1, 1]], teacherShapes: [shape] })).toThrow(
    "attentionFusion: studentShapes[0] must be [height,width,channels] of integers >= 1, got [0,1,1]",
  );
  expect(() => attentionFusion({ ...options, midChannels: 0 })).toThrow(
    "attentionFusion: midChannels must be an integer >= 1, got 0",
  );
});
