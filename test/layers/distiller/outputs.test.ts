import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { binaryKdLoss } from "../../../src/index.ts";
import { Distiller, weightedSum } from "../../../src/layers/index.ts";

const SAMPLES = 40;
const inputs = () => tf.randomNormal([SAMPLES, 4], 0, 1, "float32", 1);

/** A linear model of 4 inputs. */
function linear(units: number, seed: number): tfl.LayersModel {
  const kernelInitializer = tfl.initializers.glorotNormal({ seed });
  const layer = tfl.layers.dense({ units, inputShape: [4], kernelInitializer });
  return tfl.sequential({ layers: [layer] });
}

/** The labels of positive inputs. */
const positive = (width: number) =>
  tf.cast(tf.greater(tf.slice(inputs() as tf.Tensor2D, [0, 0], [SAMPLES, width]), 0), "float32");

test.each([
  ["a single logit", 1, "accuracy", "acc"],
  ["three labels", 3, "binaryAccuracy", "binaryAccuracy"],
] as const)("distils and measures the outputs of %s", async (_, width, metric, column) => {
  const teacher = linear(width, 1);
  const identity = tf.mul(tf.eye(4, width), 4);
  teacher.setWeights([identity, tf.zeros([width])]);
  const student = linear(width, 2);
  const distiller = new Distiller({
    teacher,
    student,
    loss: ({ labels, teacherLogits, studentLogits }) =>
      weightedSum({
        kd: [0.9, binaryKdLoss(teacherLogits, studentLogits)],
        crossEntropy: [0.1, tf.losses.sigmoidCrossEntropy(labels, studentLogits)],
      }),
  });
  distiller.compile({ optimizer: tf.train.adam(0.1), metrics: [metric] });
  const labels = positive(width);
  const options = { epochs: 8, batchSize: 10, seed: 1, validationSplit: 0.25 };
  const { history } = await distiller.fit(inputs(), labels, options);
  expect(history.kd!.at(-1)).toBeLessThan(0.3 * (history.kd![0] as number));
  expect(history[column]!.at(-1)).toBeGreaterThan(0.85);
  expect(history[`val_${column}`]!.at(-1)).toBeGreaterThan(0.7);

  const measured = await distiller.evaluate(inputs(), labels);
  const logits = [...(await (student.predict(inputs()) as tf.Tensor).data())];
  const truth = [...(await labels.data())];
  const hits = logits.filter((z, i) => z > 0 === truth[i]! > 0.5).length;
  expect(measured[column]).toBeCloseTo(hits / logits.length, 5);
});

test("student.evaluate gives the binary cross-entropy of a single logit", async () => {
  const student = linear(1, 2);
  const loss = () => tf.scalar(0);
  new Distiller({ teacher: linear(1, 1), student, loss }).compile({ optimizer: "sgd" });
  const labels = positive(1);
  const logits = [...(await (student.predict(inputs()) as tf.Tensor).data())];
  const truth = [...(await labels.data())];
  const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  const expected = logits.reduce((sum, z, i) => sum + softplus(z) - truth[i]! * z, 0) / SAMPLES;
  for (const form of [labels, tf.reshape(labels, [SAMPLES])]) {
    const value = student.evaluate(inputs(), form, { batchSize: SAMPLES }) as tf.Scalar;
    expect((await value.data())[0]).toBeCloseTo(expected, 5);
  }
});
