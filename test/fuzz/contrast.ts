import type * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { contrastNormalizer, crdLoss, inBatchCrdLoss, l2Normalize } from "../../src/index.ts";
import * as oracle from "../oracles/contrast.ts";
import { scale } from "../oracles/tape.ts";
import { sumOfResults } from "../oracles/terms.ts";
import {
  commonRegimes,
  dead,
  type Numbers,
  ofMagnitude,
  option,
  size,
  tensors,
  uniform,
  upstream,
  withEntry,
} from "./arbitraries.ts";
import {
  type Case,
  type DrawnRows,
  drawnTensors,
  rowsOf,
  type Subject,
  type Values,
} from "./case.ts";

const temperature = option("temperature", 0.05, 1);

/** Scales rows to length 1, as the losses expect their embeddings. */
const unit = ({ shape, data }: Values): Values => ({
  shape,
  data: rowsOf({ shape, data }).flatMap((row) => {
    const length = Math.hypot(...row) || 1;
    return row.map((x) => Math.fround(x / length));
  }),
});

const onUnitRows = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  cases.map(({ variables, constants, ...input }) => ({
    ...input,
    variables: variables.map(unit),
    constants: constants.map((x) => (x.shape.length === 2 ? unit(x) : x)),
  }));

const drawnRows = (n: number, k: number, rows: number): fc.Arbitrary<DrawnRows> => {
  const row = fc.nat({ max: rows - 1 });
  const list = <T>(entry: fc.Arbitrary<T>, length: number) =>
    fc.array(entry, { minLength: length, maxLength: length });
  return fc
    .record({
      positives: list(row, n),
      negatives: fc.oneof(
        list(list(row, k), n),
        list(row, k).map((shared) => Array.from({ length: n }, () => shared)),
      ),
      isShared: fc.boolean(),
    })
    .map(({ positives, negatives, isShared }) => ({
      positives,
      negatives: isShared ? negatives.map(() => negatives[0]!) : negatives,
      isShared,
    }));
};

/** Embeddings, banks of 3 to 40 rows, and log Z of both sides. */
const crdCases =
  (settings: fc.Arbitrary<Record<string, number>>) =>
  (numbers: Numbers): fc.Arbitrary<Case> =>
    fc.tuple(size(1, 4), size(1, 4), size(1, 5), size(3, 40)).chain(([n, dim, k, rows]) =>
      fc
        .record({
          variables: tensors(numbers, [
            [n, dim],
            [n, dim],
          ]),
          banks: tensors(numbers, [
            [rows, dim],
            [rows, dim],
          ]),
          normalizers: uniform(3)(2),
          drawn: drawnRows(n, k, rows),
          options: settings,
          upstream,
        })
        .map(({ banks, normalizers, ...input }) => ({
          ...input,
          constants: [
            ...banks,
            ...normalizers.map((x) => ({ shape: [], data: [Math.fround(rows * Math.exp(x))] })),
          ],
        })),
    );

const unitCrdCases = (numbers: Numbers) => onUnitRows(crdCases(temperature)(numbers));
const normalizerEntry = (entry: number) =>
  unitCrdCases(uniform(1)).map((input) => ({
    ...input,
    constants: input.constants.map((x) => (x.shape.length === 0 ? { ...x, data: [entry] } : x)),
  }));

/**
 * Replaces the normalizers, so that the loss takes those of its own batch. The oracle multiplies their
 * logarithms by [1], so that moving it by one unit in the last place moves them so, as float32 tensors
 * round them.
 */
const withoutNormalizer = ({ constants, ...input }: Case): Case => ({
  ...input,
  constants: constants.map((x) => (x.shape.length === 0 ? { shape: [1], data: [1] } : x)),
});

const crd: Subject = {
  name: "crdLoss",
  regimes: {
    ordinary: unitCrdCases(uniform(1)),
    "other lengths": crdCases(temperature)(uniform(4)),
    ties: unitCrdCases((count) => uniform(1)(count).map((xs) => xs.map(Math.round))),
    NaN: withEntry(unitCrdCases(uniform(1)), [Number.NaN], "student"),
    "NaN normalizer": normalizerEntry(Number.NaN),
    "infinite normalizer": normalizerEntry(Number.POSITIVE_INFINITY),
    "own normalizer": onUnitRows(crdCases(temperature)(uniform(1))).map(withoutNormalizer),
    "own normalizer, low temperature": onUnitRows(
      crdCases(option("temperature", 0.008, 0.02))(uniform(1)),
    ).map(withoutNormalizer),
  },
  library: ({ variables: [t, s], constants }, { drawn, options }) => {
    const [teacher, student, ofTeacher, ofStudent] = constants;
    const indices = drawnTensors(drawn!);
    const banks = { teacher: teacher as tf.Tensor2D, student: student as tf.Tensor2D };
    const normalizer =
      ofTeacher?.rank === 0
        ? { teacher: ofTeacher as tf.Scalar, student: ofStudent as tf.Scalar }
        : contrastNormalizer(t!, s!, banks, indices, options);
    return crdLoss(t!, s!, { ...banks, normalizer }, indices, options);
  },
  oracle: ({ variables, constants }, { drawn, options }) => {
    const temperature = options.temperature ?? 0.07;
    const [teacherBank, studentBank, ...normalizers] = constants;
    const banks = [studentBank!, teacherBank!].map(rowsOf);
    const sides = variables.map((embeddings, side) => {
      const [rows, bank, given] = [rowsOf(embeddings), banks[side]!, normalizers[side]];
      const { value } = given!.data[0]!;
      const logZ =
        given!.shape.length === 0
          ? oracle.logOf(value)
          : scale(oracle.logNormalizer(rows, bank, drawn!, temperature), value);
      return oracle.contrastSide(rows, bank, drawn!, { logZ, temperature });
    });
    return [sumOfResults(sides)];
  },
};

const embeddingCases =
  (settings: fc.Arbitrary<Record<string, number>>) =>
  (numbers: Numbers): fc.Arbitrary<Case> =>
    fc.tuple(size(1, 6), size(1, 5)).chain(([n, dim]) =>
      fc.record({
        variables: tensors(numbers, [
          [n, dim],
          [n, dim],
        ]),
        constants: fc.constant([]),
        options: settings,
        upstream,
      }),
    );

const inBatch: Subject = {
  name: "inBatchCrdLoss",
  regimes: {
    ...commonRegimes(embeddingCases(temperature), 2),
    large: embeddingCases(temperature)(ofMagnitude(1, 13)),
    "scores beyond 1e30": embeddingCases(temperature)(ofMagnitude(16, 17)),
    "rows of length 1": onUnitRows(embeddingCases(temperature)(uniform(1))),
    "low temperature": onUnitRows(embeddingCases(option("temperature", 0.001, 0.05))(uniform(1))),
  },
  library: ({ variables: [t, s] }, { options }) => inBatchCrdLoss(t!, s!, options),
  oracle: ({ variables: [t, s] }, { options }) =>
    oracle.inBatchContrast(rowsOf(t!), rowsOf(s!), options.temperature ?? 0.07),
};

const rowCases = (numbers: Numbers) =>
  embeddingCases(fc.constant({}))(numbers).map(({ variables: [x], ...input }) => ({
    ...input,
    variables: [x!],
  }));

const normalize: Subject = {
  name: "l2Normalize",
  regimes: {
    ...commonRegimes(rowCases, 2),
    "rows of zeros": dead(rowCases(uniform(2))),
  },
  outputShape: ({ variables: [x] }) => x!.shape,
  library: ({ variables: [x] }) => l2Normalize(x!),
  oracle: ({ variables: [x] }) => oracle.unitRows(rowsOf(x!)),
};

export const contrastSubjects: readonly Subject[] = [crd, inBatch, normalize];
