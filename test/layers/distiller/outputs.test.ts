import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { binaryKdLoss, dkdLoss, kdLoss, mcmiLoss } from "../../../src/index.ts";
import {
  CentroidCallback,
  CmiMonitor,
  compiledMcmiLoss,
  Distiller,
  weightedSum,
} from "../../../src/layers/index.ts";
import { expectClose } from "../../support.ts";

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
] as const)(
  "distils and measures the outputs of %s",
  { tags: "broad" },
  async (_, width, metric, column) => {
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
  },
);

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

describe("dense outputs", () => {
  const [N, SIDE, CLASSES] = [8, 4, 3];
  const images = () => tf.randomNormal([N, SIDE, SIDE, 2], 0, 1, "float32", 1);
  /** The class of a position is that of its larger channel; 255 is to be ignored. */
  const classes = () => tf.cast(tf.greater(tf.sub(...channels()), 0), "int32");
  const channels = () => tf.unstack(images(), 3) as [tf.Tensor, tf.Tensor];
  const mask = () =>
    tf.cast(tf.greater(tf.randomUniform([N, SIDE, SIDE], 0, 1, "float32", 3), 0.3), "float32");
  const labels = () => tf.where(tf.equal(mask(), 0), tf.onesLike(classes()), classes());

  const segmenter = (seed: number) =>
    tfl.sequential({
      layers: [
        tfl.layers.dense({
          units: CLASSES,
          inputShape: [SIDE, SIDE, 2],
          kernelInitializer: tfl.initializers.glorotNormal({ seed }),
        }),
      ],
    });

  test("the Distiller passes a mask on to the losses, and measures positions", async () => {
    const seen: number[][] = [];
    const student = segmenter(2);
    const distiller = new Distiller({
      teacher: segmenter(1),
      student,
      loss: ({ labels, teacherLogits, studentLogits, weights }) => {
        seen.push(weights?.shape ?? []);
        return weightedSum({
          kd: [1, kdLoss(teacherLogits, studentLogits, { weights })],
          dkd: [1, dkdLoss(labels, teacherLogits, studentLogits, { weights })],
        });
      },
    });
    distiller.compile({ optimizer: tf.train.adam(0.05), metrics: ["accuracy"] });
    const options = { epochs: 6, batchSize: 3, seed: 1, sampleWeight: mask() };
    const { history } = await distiller.fit(images(), labels(), options);
    expect(seen.slice(0, 3).map(([size]) => size)).toEqual([3, 3, 2]);
    expect(seen.every((shape) => shape[1] === SIDE && shape[2] === SIDE)).toBe(true);
    expect(history.kd!.at(-1)).toBeLessThan(0.5 * (history.kd![0] as number));
    const { acc } = await distiller.evaluate(images(), labels());
    const best = tf.argMax(student.predict(images()) as tf.Tensor, 3);
    const hits = await tf.mean(tf.cast(tf.equal(best, labels()), "float32")).data();
    expect(acc).toBeCloseTo(hits[0]!, 5);
  });

  test("a data set carries masks, in training and validation", { tags: "broad" }, async () => {
    const fitted = async (isDataset: boolean) => {
      const student = segmenter(2);
      const distiller = new Distiller({
        teacher: segmenter(1),
        student,
        loss: ({ teacherLogits, studentLogits, weights }) =>
          kdLoss(teacherLogits, studentLogits, { weights }),
      });
      distiller.compile({ optimizer: "sgd" });
      const [xs, weights] = [images(), mask()];
      const elements = () => [{ xs: tf.clone(xs), weights: tf.clone(weights) }];
      const iterator = async () => {
        const left = elements();
        return { next: async () => ({ value: left.pop(), done: false }) };
      };
      const data = { iterator, size: Number.POSITIVE_INFINITY };
      const limits = { batchesPerEpoch: 1, validationBatches: 1 };
      const validationData = { xs, weights };
      const whole = { batchSize: N, shuffle: false, sampleWeight: weights, validationData };
      const { history } = isDataset
        ? await distiller.fitDataset(data, { ...limits, validationData: data })
        : await distiller.fit(xs, undefined, whole);
      return [history.loss![0], history.val_loss![0]] as number[];
    };
    const [got, expected] = [await fitted(true), await fitted(false)];
    for (const [i, x] of got.entries()) expect(x).toBeCloseTo(expected[i]!, 5);
  });

  test("masked positions do not change the student", async () => {
    const weightsAfter = async (teacherBias: number) => {
      const student = segmenter(2);
      const noise = tf.mul(tf.sub(1, mask()), teacherBias);
      const teacher = {
        predict: (x: tf.Tensor | tf.Tensor[]) => {
          const [n] = (x as tf.Tensor).shape as [number];
          const shift = tf.expandDims(tf.slice(noise, 0, n), 3);
          return tf.add(
            tf.concat([x as tf.Tensor, tf.zeros([n, SIDE, SIDE, 1])], 3),
            tf.mul(shift, tf.tensor1d([1, -1, 0])),
          );
        },
      };
      const distiller = new Distiller({
        teacher,
        student,
        loss: ({ teacherLogits, studentLogits, weights }) =>
          kdLoss(teacherLogits, studentLogits, { weights }),
      });
      distiller.compile({ optimizer: "sgd" });
      await distiller.fit(images(), labels(), {
        batchSize: N,
        shuffle: false,
        sampleWeight: mask(),
      });
      return [...(await student.getWeights()[0]!.data())];
    };
    expect(await weightsAfter(50)).toEqual(await weightsAfter(0));
  });

  test("compiledMcmiLoss trains a segmentation network, with centroids from its positions", async () => {
    const model = segmenter(4);
    const centroids = tf.variable(tf.fill([CLASSES, CLASSES], 1 / CLASSES));
    const loss = compiledMcmiLoss(centroids, { lambda: 0.1 });
    model.compile({ optimizer: tf.train.adam(0.05), loss });
    const xs = images();
    const ys = tf.oneHot(classes() as tf.Tensor1D, CLASSES);
    const callbacks = [
      new CentroidCallback(centroids, { data: { xs, ys } }),
      new CmiMonitor({ xs, ys }),
    ];
    const { history } = await model.fit(xs, ys, { epochs: 4, batchSize: 4, verbose: 0, callbacks });
    expect(history.loss!.at(-1)).toBeLessThan(history.loss![0] as number);
    expect(history.cmi!.every((x) => Number.isFinite(x as number))).toBe(true);
    const [row] = await (centroids as tf.Tensor2D).array();
    expect(row!.reduce((a, b) => a + b)).toBeCloseTo(1, 4);
  });

  describe("positions to ignore", () => {
    /** One-hot rows, of zeros where the mask is 0. */
    const ignoring = () =>
      tf.mul(tf.oneHot(classes() as tf.Tensor1D, CLASSES), tf.expandDims(mask(), 3));
    const q = tf.tensor2d([[0.6, 0.2, 0.2], [0.1, 0.7, 0.2], [0.3, 0.3, 0.4]]); // biome-ignore format: one row each
    const logitsOf = (x: tf.Tensor) => segmenter(4).apply(x) as tf.Tensor;

    test.each(["int32", "float32"] as const)(
      "do not count in compiledMcmiLoss, %s",
      async (dtype) => {
        const loss = compiledMcmiLoss(q, { lambda: 0.2, labelSmoothing: 0.1 });
        const z = logitsOf(images());
        const noise = tf.where(tf.equal(mask(), 0), tf.fill(mask().shape, Number.NaN), tf.zerosLike(mask())); // biome-ignore format: one line
        const disturbed = tf.add(z, tf.expandDims(noise, 3));
        const mean = (logits: tf.Tensor) =>
          tf.mean(loss(tf.cast(ignoring(), dtype), logits)) as tf.Scalar;
        const expected = (logits: tf.Tensor) =>
          mcmiLoss(classes(), logits, q, { lambda: 0.2, labelSmoothing: 0.1, weights: mask() });
        const wanted = [expected(z), tf.grad(expected)(z)];
        for (const [i, got] of [mean(disturbed), tf.grad(mean)(disturbed)].entries()) {
          const { shape } = wanted[i]!;
          await expectClose(got, { shape, data: [...(await wanted[i]!.data())] });
        }
      },
    );

    test("all of a batch give 0", async () => {
      const loss = compiledMcmiLoss(q, { lambda: 0.2 });
      const none = tf.zeros([N, SIDE, SIDE, CLASSES]);
      const mean = tf.mean(loss(none, logitsOf(images())));
      expect((await mean.data())[0]).toBe(0);
    });

    test.each(["epoch", "ema", "running"] as const)(
      'do not count in the centroids of strategy "%s"',
      { tags: "broad" },
      async (strategy) => {
        const fitted = async (disturb: boolean) => {
          const model = segmenter(4);
          const centroids = tf.variable(tf.clone(q));
          const loss = compiledMcmiLoss(centroids, { lambda: 0.1 });
          model.compile({ optimizer: tf.train.sgd(0), loss });
          const shift = tf.expandDims(tf.mul(tf.sub(1, mask()), disturb ? 5 : 0), 3);
          const [xs, ys] = [tf.add(images(), shift), ignoring()];
          const callbacks = [
            new CentroidCallback(centroids, { data: { xs, ys }, strategy }),
            new CmiMonitor({ xs, ys: labels(), weights: mask() }),
          ];
          const options = { batchSize: 4, epochs: 2, shuffle: false, verbose: 0, callbacks };
          const { history } = await model.fit(xs, ys, options);
          return [...(await centroids.data()), ...(history.cmi as number[])];
        };
        const [expected, got] = [await fitted(false), await fitted(true)];
        for (const [i, x] of got.entries()) expect(x).toBeCloseTo(expected[i]!, 4);
        expect(got.slice(0, 3)).not.toEqual([...(await q.data())].slice(0, 3));
      },
    );
  });

  test("classWeight needs classes of samples", async () => {
    const distiller = new Distiller({
      teacher: segmenter(1),
      student: segmenter(2),
      loss: ({ teacherLogits, studentLogits, weights }) =>
        kdLoss(teacherLogits, studentLogits, { weights }),
    });
    distiller.compile({ optimizer: "sgd" });
    await expect(
      distiller.fit(images(), labels(), { classWeight: { 0: 1, 1: 2 } }),
    ).rejects.toThrow(
      "Distiller.fit: classWeight needs labels [batch], [batch,1] or [batch,classes], got [8,4,4]",
    );
  });
});
