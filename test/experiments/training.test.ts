import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { mcmiLoss } from "kd-cmi";
import { beforeAll, describe, expect, test } from "vitest";
import { GREY, type Images, toLabels } from "../../experiments/data/images.ts";
import { range } from "../../experiments/data/order.ts";
import { gather } from "../../experiments/outcomes.ts";
import { accuracyOf } from "../../experiments/pipeline/confusion.ts";
import { type Draws, imagesIn, repeated } from "../../experiments/pipeline/draws.ts";
import { fitTeacher } from "../../experiments/pipeline/fit-teacher.ts";
import type { Plan } from "../../experiments/pipeline/plan.ts";
import { createOptimizer, learningRateAt } from "../../experiments/pipeline/schedule.ts";
import { split, studentImages } from "../../experiments/pipeline/split.ts";
import { eachBatch, epochBatches, train } from "../../experiments/pipeline/training.ts";
import { recipes } from "../../experiments/recipe.ts";
import type { Result } from "../../experiments/results.ts";
import { studies } from "../../experiments/studies/index.ts";

beforeAll(() => tf.setBackend("cpu"));

describe("the learning rate", () => {
  const schedule = { epochs: 240, batchSize: 64, learningRate: 0.1 };

  test("falls along half a cosine after the warm-up", () => {
    const rate = (done: number) => learningRateAt({ ...schedule, warmUp: 0.2 }, done);
    expect([0, 0.1, 0.5, 1].map(rate).map((x) => Number(x.toFixed(6)))).toEqual([
      0, 0.048776, 0.05, 0,
    ]);
  });

  test("is divided by 10 at each milestone", () => {
    const sgd = { momentum: 0.9, weightDecay: 0, milestones: [150, 180] };
    const rate = (epoch: number) => learningRateAt({ ...schedule, sgd }, epoch / 240);
    expect([0, 149, 150, 200].map(rate)).toEqual([0.1, 0.1, 0.1 * 0.1, 0.1 * 0.1 ** 2]);
  });
});

test("weight decay is added to the gradient before the momentum", async () => {
  const [rate, momentum, decay] = [0.1, 0.9, 0.5];
  const sgd = { momentum, weightDecay: decay };
  const optimizer = createOptimizer({ epochs: 1, batchSize: 1, learningRate: rate, sgd });
  const w = tf.variable(tf.scalar(2));
  let [expected, velocity] = [2, 0];
  for (let step = 0; step < 3; step++) {
    optimizer.minimize(() => tf.square(w) as tf.Scalar);
    velocity = momentum * velocity + 2 * expected + decay * expected;
    expected -= rate * velocity;
  }
  expect((await w.data())[0]).toBeCloseTo(expected, 5);
  w.dispose();
  optimizer.dispose();
});

test("accuracyOf counts the images of the given classes", () => {
  const confusion = [
    [8, 2],
    [3, 1],
  ];
  expect(accuracyOf(confusion)).toBeCloseTo(9 / 14);
  expect(accuracyOf(confusion, [1])).toBe(1 / 4);
});

describe("images", () => {
  const images = (count: number): Images => ({
    pixels: new Uint8Array(count * 784),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
    shape: GREY,
  });
  const data = { name: "x", classNames: [], train: images(300), test: images(20) };
  /** The first two pixels number the images. */
  const numbered = images(300);
  for (let i = 0; i < 300; i++) numbered.pixels.set([i % 256, Math.floor(i / 256)], i * 784);
  const idsOf = ({ pixels, labels }: Images) =>
    [...labels].map((_, i) => pixels[i * 784]! + 256 * pixels[i * 784 + 1]!);

  test("are split by the seed into disjoint parts", () => {
    const numbered = { ...data, train: { ...data.train } };
    for (let i = 0; i < 300; i++) numbered.train.pixels[i * 784] = i % 256;
    const sums = (seed: number) => {
      const { train, validation } = split(numbered, { train: 200, validation: 100 }, seed);
      return [train, validation].map(({ labels }) => labels.length).join();
    };
    expect(sums(1)).toBe("200,100");
    const orders = [1, 1, 2].map((seed) =>
      split(numbered, { train: 200, validation: 100 }, seed).train.labels.join(),
    );
    expect(orders[0]).toBe(orders[1]);
    expect(orders[0]).not.toBe(orders[2]);
    const { train, validation } = split(numbered, { train: 200, validation: 100 }, 1);
    const all = [...train.labels, ...validation.labels].sort();
    expect(all).toEqual([...data.train.labels].sort());
    expect(() => split(data, { train: 290, validation: 11 }, 1)).toThrow(
      "split: x must have at least 290 + 11 training images, got 300",
    );
  });

  test("of a student exclude its removed classes, and a smaller share is part of a larger one", () => {
    const plan = studies["few-shot"].plans(recipes.tiny)[0]!.student!;
    const seen = (share: number, removed: number[] = []) =>
      studentImages(numbered, { ...plan, share, removed }, 1).images;
    expect(idsOf(seen(0.1))).toHaveLength(30);
    expect(idsOf(seen(0.5))).toEqual(expect.arrayContaining(idsOf(seen(0.1))));
    const without = seen(1, [3, 4]);
    expect(without.labels).toHaveLength(240);
    expect(without.labels.some((label) => [3, 4].includes(label))).toBe(false);
    expect(studentImages(numbered, { ...plan, atMost: 7 }, 1).images.labels).toHaveLength(7);
  });

  test("of a student are each drawn once in an epoch, or over and over for more steps", () => {
    const few = { share: 0.1, removed: [], orders: { batches: "x" } };
    const { images, draws } = studentImages(numbered, few, 1);
    expect(range(draws.count).map(draws.placeOf)).toEqual(range(30));
    const more = studentImages(numbered, { ...few, drawn: 75 }, 1);
    expect(idsOf(more.images)).toEqual(idsOf(images));
    const times = range(30).map(
      (place) => range(75).filter((i) => more.draws.placeOf(i) === place).length,
    );
    expect(times).toEqual(range(30).map((place) => (place < 15 ? 3 : 2)));
  });

  test("of removed classes leave gaps in the batches if the plan says so", () => {
    const without = { share: 0.5, removed: [3, 4] };
    const filled = studentImages(numbered, without, 1);
    const { images, draws } = studentImages(numbered, { ...without, gaps: true }, 1);
    expect(idsOf(images)).toEqual(idsOf(filled.images));
    expect([filled.draws.count, draws.count]).toEqual([images.labels.length, 150]);
    const all = studentImages(numbered, { ...without, removed: [] }, 1).images;
    for (const draw of range(150)) {
      const place = draws.placeOf(draw);
      const isRemoved = [3, 4].includes(all.labels[draw]!);
      expect(place === undefined).toBe(isRemoved);
      if (place !== undefined) expect(idsOf(images)[place]).toBe(idsOf(all)[draw]);
    }
    const twice = studentImages(numbered, { ...without, gaps: true, drawn: 400 }, 1).draws;
    expect(range(150).map((i) => twice.placeOf(i + 150))).toEqual(range(150).map(draws.placeOf));
    expect(imagesIn(draws)).toBe(images.labels.length);
  });
});

describe("a training with draws", () => {
  const images: Images = {
    pixels: Uint8Array.from(range(6), (i) => 40 * i),
    labels: Uint8Array.from(range(6)),
    shape: [1, 1, 1],
  };
  const model = () => tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [1], units: 2 })] });
  const schedule = { epochs: 2, batchSize: 2, learningRate: 0.1 };

  /** The places of each step, and the learning rate at each. */
  async function stepsOf(draws: Draws) {
    const optimizer = tf.train.sgd(0);
    const steps: { inputs: number[]; places: number[]; rate: number }[] = [];
    await eachBatch(
      { model: model(), images, schedule, draws, order: "test" },
      optimizer,
      (inputs, places) => {
        const values = [...inputs.dataSync()].map((x) => Math.round((x * 255) / 40));
        steps.push({ inputs: values, places: [...places], rate: optimizer.getConfig().learningRate as number }); // biome-ignore format: one line
      },
      () => {},
    );
    return steps;
  }

  test("sees the images of the draws", async () => {
    for (const { inputs, places } of await stepsOf(repeated(images, 9))) {
      expect(inputs).toEqual(places);
    }
    const drawn = (await stepsOf(repeated(images, 12))).flatMap(({ places }) => places);
    expect(drawn).toHaveLength(24);
    expect(new Set(drawn.slice(0, 12)).size).toBe(6);
  });

  test("leaves out a batch of gaps, whose step still counts in the schedule", async () => {
    const onlyOne: Draws = { count: 6, placeOf: (draw) => (draw === 4 ? 4 : undefined) };
    const steps = await stepsOf(onlyOne);
    expect(steps.map(({ places }) => places)).toEqual([[4], [4]]);
    const rates = range(6).map((i) => learningRateAt(schedule, i / 6));
    expect(rates).toEqual(expect.arrayContaining(steps.map(({ rate }) => expect.closeTo(rate, 6))));
    expect(steps[1]!.rate).toBeLessThan(rates[2]! + 1e-6);
  });
});

describe("a training that is watched", () => {
  const images: Images = {
    pixels: Uint8Array.from(range(6), (i) => 40 * i),
    labels: Uint8Array.from(range(6)),
    shape: [1, 1, 1],
  };
  const training = {
    model: tfl.sequential({ layers: [tfl.layers.dense({ inputShape: [1], units: 2 })] }),
    images,
    schedule: { epochs: 3, batchSize: 4, learningRate: 0.1 },
    order: "test",
  };

  test("waits after each step, and stops after an epoch of its schedule", async () => {
    const record: string[] = [];
    const optimizer = tf.train.sgd(0);
    const rates: number[] = [];
    const afterStep = async (model: tfl.LayersModel, done: number, steps: number) => {
      expect(model).toBe(training.model);
      await Promise.resolve();
      record.push(`after ${done} of ${steps}`);
    };
    const step = () => {
      record.push("step");
      rates.push(optimizer.getConfig().learningRate as number);
    };
    const onEpoch = (epoch: number) => void record.push(`epoch ${epoch}`);
    await eachBatch({ ...training, until: 2, afterStep }, optimizer, step, onEpoch);
    const stepAnd = (done: number) => ["step", `after ${done} of 6`];
    expect(record).toEqual([
      "epoch 0",
      ...[1, 2].flatMap(stepAnd),
      "epoch 1",
      ...[3, 4].flatMap(stepAnd),
      "epoch 2",
    ]);
    const schedule = range(4).map((i) => learningRateAt(training.schedule, i / 6));
    expect(rates).toEqual(schedule.map((rate) => expect.closeTo(rate, 6)));
  });
});

describe("the centroids of a fine-tuning", () => {
  const images: Images = {
    pixels: Uint8Array.from([10, 40, 90, 130, 180, 220, 250, 255]),
    labels: Uint8Array.from([0, 0, 0, 0, 1, 1, 1, 1]),
    shape: [1, 1, 1],
  };
  const schedule = { epochs: 3, batchSize: 3, learningRate: 0.05 };

  /** Batch normalisation makes outputs in training depend on the batch. */
  function teacher() {
    const model = tfl.sequential();
    model.add(tfl.layers.dense({ inputShape: [1], units: 2, kernelInitializer: "ones" }));
    model.add(tfl.layers.batchNormalization());
    return model;
  }

  async function weightsAfter(centroids: "fixed" | undefined, lambda: number) {
    const model = teacher();
    const training = { model, images, schedule, order: "fine-tuning" };
    await fitTeacher(
      training,
      { regularizer: { lambda }, ...(centroids && { centroids }) },
      () => {},
    );
    return model.getWeights().flatMap((w) => [...w.dataSync()]);
  }

  test("are those of one pass in training mode if they are fixed", async () => {
    const [fixed, epoch] = [await weightsAfter("fixed", 0.3), await weightsAfter(undefined, 0.3)];
    expect(fixed).not.toEqual(epoch);

    // The same training by hand
    const model = teacher();
    const training = { model, images, schedule, order: "fine-tuning" };
    const sums = tf.variable(tf.zeros([2, 2]));
    for (const { places, inputs } of epochBatches(training, "fine-tuning, centroids")) {
      const p = tf.softmax(model.apply(inputs(), { training: true }) as tf.Tensor2D);
      const rows = tf.oneHot(toLabels(images, places), 2);
      sums.assign(tf.add(sums, tf.matMul(tf.cast(rows, "float32"), p, true)));
    }
    const centroids = tf.div(sums, 4) as tf.Tensor2D;
    await train(
      training,
      (logits, places) => mcmiLoss(toLabels(images, places), logits, centroids, { lambda: 0.3 }),
      () => {},
    );
    const byHand = model.getWeights().flatMap((w) => [...w.dataSync()]);
    for (const [i, value] of byHand.entries()) expect(fixed[i]).toBeCloseTo(value, 5);
  });

  test("do not matter to a control", async () => {
    expect(await weightsAfter("fixed", 0)).toEqual(await weightsAfter(undefined, 0));
  });
});

test("gather selects complete seeds, and the last result of each run", () => {
  const plans = studies.cam.plans(recipes.tiny).slice(0, 2);
  const result = (plan: Plan, seed: number, cmi: number) =>
    ({ backend: "wasm", dataset: "x", seed, plan, outcome: { teacher: { cmi } } }) as Result;
  const [a, b] = plans as [Plan, Plan];
  const results = [result(a, 1, 0.1), result(b, 1, 0.2), result(a, 2, 0.3), result(a, 1, 0.4)];
  const { seeds, values } = gather(results, plans, {
    dataset: "x",
    backend: "wasm",
    seeds: [1, 2, 3],
  });
  expect(seeds).toEqual([1]);
  expect(values(a, ({ teacher }) => teacher.cmi)).toEqual([0.4]);
  expect(values(b, ({ teacher }) => teacher.cmi)).toEqual([0.2]);
});

test.each(Object.entries(studies))("%s: plans are unique at each scale", (_, study) => {
  for (const recipe of Object.values(recipes)) {
    const plans = study.plans(recipe).map((plan) => JSON.stringify(plan));
    expect(new Set(plans).size).toBe(plans.length);
    const teachers = study.plans(recipe).map(({ teacher }) => JSON.stringify(teacher));
    const changes = teachers.filter((teacher, i) => teacher !== teachers[i - 1]).length;
    expect(changes).toBe(new Set(teachers).size); // plans with the same teacher follow each other
  }
});
