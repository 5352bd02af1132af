import fc from "fast-check";
import type { ReductionName } from "../oracles/terms.ts";
import type { Case, Labels, Values } from "./case.ts";

/** An arbitrary of `count` numbers that are exact in float32. */
export type Numbers = (count: number) => fc.Arbitrary<number[]>;

const list = <T>(entry: fc.Arbitrary<T>, count: number) =>
  fc.array(entry, { minLength: count, maxLength: count });

const between = (min: number, max: number) => fc.noBias(fc.integer({ min, max }));

/** Uniform numbers within ±size, with the full precision of float32. */
export const uniform =
  (size: number): Numbers =>
  (count) =>
    list(between(-(2 ** 24), 2 ** 24), count).map((steps) =>
      steps.map((step) => Math.fround((size * step) / 2 ** 24)),
    );

/** Numbers within ±10^e, with one exponent e between two for all of them. */
export const ofMagnitude =
  (min: number, max: number): Numbers =>
  (count) =>
    fc
      .tuple(uniform(1)(count), between(min, max))
      .map(([xs, exponent]) => xs.map((x) => Math.fround(x * 10 ** exponent)));

export const large = ofMagnitude(1, 15);
export const small = ofMagnitude(-20, -1);

/** −1, 0 and 1: most entries have equals, and many are 0. */
export const ties: Numbers = (count) => list(fc.integer({ min: -1, max: 1 }), count);

/** An option within [min, max], or its default. */
export const option = (name: string, min: number, max: number) =>
  fc
    .option(between(0, 4096))
    .map(
      (step): Record<string, number> =>
        step === null ? {} : { [name]: min + ((max - min) * step) / 4096 },
    );

/** Merges options. */
export const options = (...each: fc.Arbitrary<Record<string, number>>[]) =>
  fc.tuple(...each).map((all): Record<string, number> => Object.assign({}, ...all));

export const valuesOf = (numbers: Numbers, shape: readonly number[]): fc.Arbitrary<Values> =>
  numbers(shape.reduce((a, b) => a * b, 1)).map((data) => ({ shape, data }));

/** One tensor per shape. */
export const tensors = (numbers: Numbers, shapes: readonly (readonly number[])[]) =>
  fc.tuple(...shapes.map((shape) => valuesOf(numbers, shape)));

export const upstream = list(between(-2048, 2048), 7).map((steps) =>
  steps.map((step) => (step === 0 ? 1 : step / 1024)),
);

/** One class per sample, in each form that the library accepts. */
export const labels = (n: number, c: number): fc.Arbitrary<Labels> =>
  fc
    .tuple(
      fc.constantFrom("indices", "float32", "int32", "bool"),
      list(fc.integer({ min: 0, max: c - 1 }), n),
    )
    .map(([form, indices]) => ({
      form,
      rows: indices.map((y) => Array.from({ length: c }, (_, k) => Number(k === y))),
    }));

/** Distributions over the classes, in 64ths so that float32 represents them. */
const softLabels = (n: number, c: number): fc.Arbitrary<Labels> =>
  list(list(between(0, 63), c - 1), n).map((all) => ({
    form: "float32",
    rows: all.map((cuts) => {
      const points = [0, ...[...cuts].sort((a, b) => a - b), 64];
      return points.slice(1).map((x, k) => (x - points[k]!) / 64);
    }),
  }));

const reductions: readonly ReductionName[] = ["NONE", "MEAN", "SUM", "SUM_BY_NONZERO_WEIGHTS"];

/** A reduction, with weights or without. */
export const reduced = (n: number) =>
  fc
    .tuple(fc.constantFrom(...reductions), fc.option(list(between(0, 8), n)))
    .map(([reduction, steps]) => ({
      reduction,
      ...(steps && { weights: steps.map((step) => step / 4) }),
    }));

const batchOf = (input: Case) => input.variables[0]!.shape[0]!;

/** Replaces the weights. */
export const withWeights = (
  cases: fc.Arbitrary<Case>,
  weight: fc.Arbitrary<number>,
): fc.Arbitrary<Case> =>
  cases.chain((input) =>
    list(weight, batchOf(input)).map((weights) => ({
      ...input,
      weights: weights.map(Math.fround),
    })),
  );

/** Weights of both signs whose sum is not near 0, where `MEAN` has no value. */
export const withNegativeWeights = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  withWeights(
    cases,
    between(-8, 8).map((step) => step / 4),
  ).filter(({ weights = [] }) => Math.abs(weights.reduce((a, b) => a + b)) >= 0.25);

/** Weights between 3e-39 and 2.4e-38, whose sums are near the smallest numbers of float32. */
export const withTinyWeights = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  withWeights(
    cases,
    between(1, 8).map((step) => step * 2 ** -128),
  );

/** Sets the student's first sample to NaN and its weight to 0. */
export const withIgnoredNaN = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  withWeights(
    cases,
    between(1, 8).map((step) => step / 4),
  ).map((input) => {
    const spoil = ({ shape, data }: Values): Values => {
      const width = data.length / batchOf(input);
      return { shape, data: data.map((x, i) => (i < width ? Number.NaN : x)) };
    };
    return {
      ...input,
      variables: input.variables.map(spoil),
      weights: [0, ...input.weights!.slice(1)],
    };
  });

/** Labels that are distributions. */
export const withSoftLabels = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  cases.chain((input) =>
    softLabels(batchOf(input), input.labels!.rows[0]!.length).map((labels) => ({
      ...input,
      labels,
    })),
  );

/** Sets one entry of the label rows to NaN. */
export const withNaNLabels = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  fc.tuple(cases, fc.noBias(fc.nat())).map(([input, draw]) => {
    const { rows } = input.labels!;
    const width = rows[0]!.length;
    const at = draw % (rows.length * width);
    const spoiled = rows.map((row, i) =>
      row.map((x, c) => (i * width + c === at ? Number.NaN : x)),
    );
    return { ...withoutZeroWeights(input), labels: { form: "float32", rows: spoiled } };
  });

type Whose = "student" | "teacher" | "both";

/** Replaces weights of 0 by 1, since samples of weight 0 do not count. */
const withoutZeroWeights = (input: Case): Case =>
  input.weights ? { ...input, weights: input.weights.map((weight) => weight || 1) } : input;

/** Maps the tensors of the student, of the teacher or of both. */
const change = (input: Case, whose: Whose, f: (values: Values) => Values): Case => ({
  ...input,
  variables: whose === "teacher" ? input.variables : input.variables.map(f),
  constants: whose === "student" ? input.constants : input.constants.map(f),
});

/** Replaces one entry of one tensor. */
export const withEntry = (
  cases: fc.Arbitrary<Case>,
  entries: readonly number[],
  whose: Whose = "both",
): fc.Arbitrary<Case> =>
  fc.tuple(cases, fc.constantFrom(...entries), fc.noBias(fc.nat())).map(([input, entry, draw]) => {
    const tensors = [
      ...(whose === "teacher" ? [] : input.variables),
      ...(whose === "student" ? [] : input.constants),
    ];
    let at = draw % tensors.reduce((sum, { data }) => sum + data.length, 0);
    return change(withoutZeroWeights(input), whose, ({ shape, data }) => {
      const replaced = data.map((x, i) => (i === at ? entry : x));
      at -= data.length;
      return { shape, data: replaced };
    });
  });

/** Sets one class of each row to −∞ in the logits of the teacher, of the student or of both. */
export const masked = (cases: fc.Arbitrary<Case>, ...whose: readonly Whose[]): fc.Arbitrary<Case> =>
  fc.tuple(cases, fc.nat({ max: 30 }), fc.constantFrom(...whose)).map(([input, first, whose]) =>
    change(withoutZeroWeights(input), whose, ({ shape, data }) => {
      const width = shape[1]!;
      const isMasked = (i: number) => i % width === (first + Math.floor(i / width)) % width;
      return { shape, data: data.map((x, i) => (isMasked(i) ? Number.NEGATIVE_INFINITY : x)) };
    }),
  );

export const everyone: readonly Whose[] = ["teacher", "student", "both"];

/** Sets the first sample to zero in the tensors of the teacher, of the student or of both. */
export const dead = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  fc.tuple(cases, fc.constantFrom(...everyone)).map(([input, whose]) =>
    change(input, whose, ({ shape, data }) => {
      const width = data.length / shape[0]!;
      return { shape, data: data.map((x, i) => (i < width ? 0 : x)) };
    }),
  );

/** Moves the student to within 1e-6 to 1e-2 of a teacher of the same shapes. */
export const near = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  fc.tuple(cases, between(-6, -2)).map(([input, exponent]) => ({
    ...input,
    variables: input.variables.map(({ shape, data }, l) => ({
      shape,
      data: data.map((x, i) => Math.fround(input.constants[l]!.data[i]! + x * 10 ** exponent)),
    })),
  }));

/**
 * The regimes of every function: numbers of moderate size, of sizes from 10 to 1e15, of sizes from
 * 1e-20 to 0.1, ties and zeros, and one NaN or ∞ in the tensors of the student, of the teacher or of
 * both.
 */
export const commonRegimes = (
  cases: (numbers: Numbers) => fc.Arbitrary<Case>,
  size: number,
  poisoned: Whose = "both",
) => ({
  ordinary: cases(uniform(size)),
  large: cases(large),
  small: cases(small),
  ties: cases(ties),
  ...poisonedRegimes(cases(uniform(size)), poisoned),
});

export const poisonedRegimes = (cases: fc.Arbitrary<Case>, poisoned: Whose = "both") => ({
  NaN: withEntry(cases, [Number.NaN], poisoned),
  infinite: withEntry(cases, [Number.POSITIVE_INFINITY], poisoned),
});

export const size = (min: number, max: number) => fc.integer({ min, max });
