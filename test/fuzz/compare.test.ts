import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, inject, test } from "vitest";
import type { Case, Subject } from "./case.ts";
import { compare, runOracle, upstreamOf } from "./compare.ts";
import { subjects } from "./subjects.ts";

const STEP = 1e-6;

/** So many entries are differentiated, since each takes two evaluations. */
const ENTRIES = 6;

/** The gradient of Σ upstream · value of an oracle by its first inputs, by central differences. */
function centralDifferences(subject: Subject, input: Case): number[] {
  const [first, ...rest] = input.variables;
  const total = (at: number, by: number) => {
    const data = first!.data.map((x, i) => (i === at ? x + by : x));
    const { value } = runOracle(subject, {
      ...input,
      variables: [{ shape: first!.shape, data }, ...rest],
    });
    const upstream = upstreamOf(input, value.length);
    return value.reduce((sum, x, i) => sum + x * upstream[i]!, 0);
  };
  return first!.data
    .slice(0, ENTRIES)
    .map((_, at) => (total(at, STEP) - total(at, -STEP)) / (2 * STEP));
}

describe("float64 formulas", () => {
  const differentiable = subjects.filter(({ hasGradient = true }) => hasGradient);

  test.each(differentiable)("$name: the gradient equals central differences", (subject) => {
    const property = fc.property(subject.regimes.ordinary!, (input) => {
      const gradient = runOracle(subject, input).gradients[0]!;
      const numeric = centralDifferences(subject, input);
      const largest = Math.max(1, ...gradient.map(Math.abs));
      for (const [i, x] of numeric.entries()) {
        expect(Math.abs(gradient[i]! - x)).toBeLessThan(1e-5 * largest);
      }
    });
    fc.assert(property, { numRuns: 5 });
  });
});

describe("comparison", () => {
  const { tolerance } = inject("backend");
  const subject = subjects.find(({ name }) => name === "kdLoss")!;
  const [input] = fc.sample(subject.regimes.ordinary!, 1) as [Case];

  /** The loss with value and gradient times a factor each. */
  const scaled = (value: number, gradient: number): Subject => ({
    ...subject,
    library: (tensors, input) =>
      tf.customGrad((loss) => ({
        value: tf.mul(loss as tf.Tensor, value),
        gradFunc: (dy: tf.Tensor) => tf.mul(dy, gradient),
      }))(subject.library(tensors, input)),
  });

  test("accepts a right result", () => {
    compare(scaled(1, 1), input, tolerance);
  });

  test("rejects a value or a gradient that is off by 0.1 %, and NaN", () => {
    expect(() => compare(scaled(1.001, 1), input, tolerance)).toThrow(/kdLoss: value\[0\] is/);
    expect(() => compare(scaled(1, 1.001), input, tolerance)).toThrow(/kdLoss: gradient 0\[/);
    expect(() => compare(scaled(Number.NaN, 1), input, tolerance)).toThrow("value[0] is NaN");
  });
});
