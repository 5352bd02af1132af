import fc from "fast-check";
import { correlationLoss, pktLoss, rkdLoss, similarityLoss } from "../../src/index.ts";
import * as oracle from "../oracles/relations.ts";
import {
  commonRegimes,
  dead,
  type Numbers,
  near,
  option,
  options,
  poisonedRegimes,
  size,
  tensors,
  uniform,
  upstream,
} from "./arbitraries.ts";
import { type Case, rowsOf, type Subject, type Values } from "./case.ts";

type Settings = fc.Arbitrary<Record<string, number>>;

const sample = fc.oneof(
  size(1, 5).map((width) => [width]),
  fc.tuple(size(1, 2), size(1, 2), size(1, 2)).map((shape): number[] => shape),
);

/** Features [N, …] of teacher and student, of one layer or several. */
const casesOf =
  (
    layers: fc.Arbitrary<number>,
    {
      settings = fc.constant({}),
      isEqual = false,
      smallest = 1,
    }: { settings?: Settings; isEqual?: boolean; smallest?: number } = {},
  ) =>
  (numbers: Numbers): fc.Arbitrary<Case> =>
    fc
      .tuple(size(smallest, 6), layers)
      .chain(([n, length]) =>
        fc.array(fc.tuple(sample, sample), { minLength: length, maxLength: length }).map((pairs) =>
          pairs.map(([s, t]) => [
            [n, ...s],
            [n, ...(isEqual ? s : t)],
          ]),
        ),
      )
      .chain((pairs) =>
        fc.record({
          variables: tensors(
            numbers,
            pairs.map(([s]) => s!),
          ),
          constants: tensors(
            numbers,
            pairs.map(([, t]) => t!),
          ),
          options: settings,
          upstream,
        }),
      );

const one = fc.constant(1);
const anyWidths = casesOf(one);
const equalWidths = casesOf(one, { isEqual: true });

const similarity: Subject = {
  name: "similarityLoss",
  regimes: {
    ...commonRegimes(casesOf(size(1, 3)), 2),
    "rows of zeros": dead(casesOf(size(1, 3))(uniform(2))),
    "near the teacher": near(equalWidths(uniform(2))),
  },
  library: ({ variables, constants }) => similarityLoss(constants, variables),
  oracle: ({ variables, constants }) =>
    oracle.similarity(constants.map(rowsOf), variables.map(rowsOf)),
};

const correlation: Subject = {
  name: "correlationLoss",
  regimes: {
    ...commonRegimes(equalWidths, 2),
    ...poisonedRegimes(casesOf(one, { isEqual: true, smallest: 2 })(uniform(2))),
  },
  library: ({ variables: [s], constants: [t] }) => correlationLoss(t!, s!),
  oracle: ({ variables: [s], constants: [t] }) =>
    oracle.correlationCongruence(rowsOf(t!), rowsOf(s!)),
};

/** Keeps batches without opposite samples, for which 1 + cos cancels. */
const isOnOneSide = ({ variables, constants }: Case) =>
  [...variables, ...constants].every((values) => {
    const rows = rowsOf(values);
    const cosine = (a: number[], b: number[]) =>
      a.reduce((sum, x, d) => sum + x * b[d]!, 0) / (Math.hypot(...a) * Math.hypot(...b) || 1);
    return rows.every((a) => rows.every((b) => cosine(a, b) > -0.9));
  });

const pktCases = (numbers: Numbers) => anyWidths(numbers).filter(isOnOneSide);

const probabilisticTransfer: Subject = {
  name: "pktLoss",
  regimes: {
    ...commonRegimes(pktCases, 2),
    "rows of zeros": dead(pktCases(uniform(2))),
    "near the teacher": near(equalWidths(uniform(2)).filter(isOnOneSide)),
    "opposite samples": anyWidths(uniform(2)).filter((input) => !isOnOneSide(input)),
  },
  library: ({ variables: [s], constants: [t] }) => pktLoss(t!, s!),
  oracle: ({ variables: [s], constants: [t] }) =>
    oracle.probabilisticTransfer(rowsOf(t!), rowsOf(s!)),
};

const weights = options(option("distanceWeight", 0, 50), option("angleWeight", 0, 100));
const rkdCases = (numbers: Numbers) =>
  casesOf(one, { settings: weights })(numbers).filter(isSpread);

/** Keeps batches whose samples are equal or differ by at least a tenth of the longest sample. */
const isSpread = ({ variables, constants }: Case) =>
  [...variables, ...constants].every((values) => {
    const rows = rowsOf(values);
    const longest = Math.max(...rows.map((row) => Math.hypot(...row)));
    return rows.every((a) =>
      rows.every((b) => {
        const distance = Math.hypot(...a.map((x, d) => x - b[d]!));
        return distance === 0 || distance > 0.1 * longest;
      }),
    );
  });

/** Keeps students of width 2 or more. Those of width 1 have gradients of 0, to which terms 1/d cancel. */
const isWide = ({ variables: [x] }: Case) => x!.data.length > x!.shape[0]!;

/** Moves every second sample of the student to a distance of 1e-4 to 1e-2 from the previous one. */
const withNearSamples = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  fc.tuple(cases, fc.noBias(fc.integer({ min: -40, max: -20 }))).map(([input, tenths]) => {
    const gather = ({ shape, data }: Values): Values => {
      const width = data.length / shape[0]!;
      const moved = (i: number) => data[i - width]! + data[i]! * 10 ** (tenths / 10);
      const isSecond = (i: number) => Math.floor(i / width) % 2 === 1;
      return { shape, data: data.map((x, i) => (isSecond(i) ? Math.fround(moved(i)) : x)) };
    };
    return { ...input, variables: input.variables.map(gather) };
  });

const relational: Subject = {
  name: "rkdLoss",
  regimes: {
    ...commonRegimes(rkdCases, 2),
    ...poisonedRegimes(casesOf(one, { settings: weights, smallest: 2 })(uniform(2))),
    "near samples": withNearSamples(rkdCases(uniform(2)).filter(isWide)),
    "near the teacher": near(
      casesOf(one, { settings: weights, isEqual: true })(uniform(2)).filter(isSpread),
    ),
  },
  library: ({ variables: [s], constants: [t] }, { options }) => rkdLoss(t!, s!, options),
  oracle: ({ variables: [s], constants: [t] }, { options }) =>
    oracle.relational(rowsOf(t!), rowsOf(s!), {
      distanceWeight: 25,
      angleWeight: 50,
      ...options,
    }),
};

export const relationSubjects: readonly Subject[] = [
  similarity,
  correlation,
  probabilisticTransfer,
  relational,
];
