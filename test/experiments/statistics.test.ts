import { describe, expect, test } from "vitest";
import { formatInterval, pairedInterval } from "../../experiments/common/statistics.ts";

describe("pairedInterval", () => {
  test("extends t standard errors of the differences to each side", () => {
    const differences = [1, 2, 3, 4, 10];
    const control = [50, 70, 20, 0, -5];
    const { mean, error, interval } = pairedInterval(
      control.map((x, i) => x + differences[i]!),
      control,
    );
    expect(mean).toBeCloseTo(4, 12);
    expect(error).toBeCloseTo(Math.sqrt(50 / 4 / 5), 12);
    expect((interval![1] - mean) / error!).toBeCloseTo(2.776445, 6);
    expect((mean - interval![0]) / error!).toBeCloseTo(2.776445, 6);
  });

  test.each([
    [2, 12.7062047],
    [3, 4.3026527],
    [10, 2.2621572],
    [31, 2.0422725],
  ])("of %i pairs uses the quantile %f", (count, quantile) => {
    const values = Array.from({ length: count }, (_, i) => i ** 2);
    const { mean, error, interval } = pairedInterval(values, Array(count).fill(0));
    expect((interval![1] - mean) / error!).toBeCloseTo(quantile, 6);
  });

  test("of one pair has no interval", () => {
    expect(pairedInterval([5], [3])).toEqual({ mean: 2, error: undefined, interval: undefined });
  });
});

test("formatInterval gives each number a sign", () => {
  expect(formatInterval({ mean: 3.14, error: 1, interval: [1.22, 5.04] }, 1)).toBe(
    "+3.1 [+1.2, +5.0]",
  );
  expect(formatInterval({ mean: -0.5, error: 1, interval: [-1.25, 0.25] }, 2)).toBe(
    "-0.50 [-1.25, +0.25]",
  );
  expect(formatInterval({ mean: 3.14, error: undefined, interval: undefined }, 1)).toBe("+3.1");
});
