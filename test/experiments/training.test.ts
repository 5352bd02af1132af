import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { GREY, type Images } from "../../experiments/data/images.ts";
import { gather } from "../../experiments/outcomes.ts";
import { accuracyOf } from "../../experiments/pipeline/confusion.ts";
import type { Plan } from "../../experiments/pipeline/plan.ts";
import { createOptimizer, learningRateAt } from "../../experiments/pipeline/schedule.ts";
import { split, studentImages } from "../../experiments/pipeline/split.ts";
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
      studentImages(data.train, { ...plan, share, removed }, 1);
    expect(seen(0.1)).toHaveLength(30);
    expect(seen(0.5)).toEqual(expect.arrayContaining(seen(0.1)));
    const without = seen(1, [3, 4]);
    expect(without).toHaveLength(240);
    expect(without.some((place) => [3, 4].includes(place % 10))).toBe(false);
    expect(studentImages(data.train, { ...plan, share: 1, atMost: 7 }, 1)).toHaveLength(7);
  });
});

test("gather selects complete seeds, and the last result of each run", () => {
  const plans = studies.cam.plans(recipes.tiny);
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
