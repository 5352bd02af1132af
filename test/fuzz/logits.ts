import fc from "fast-check";
import {
  binaryKdLoss,
  classCentroids,
  cmicLoss,
  conditionalMutualInformation,
  distLoss,
  dkdLoss,
  hsakdLoss,
  kdLoss,
  mcmiLoss,
  standardizeLogits,
  updateCentroids,
} from "../../src/index.ts";
import * as oracle from "../oracles/logits.ts";
import { num } from "../oracles/tape.ts";
import { plain, reduce } from "../oracles/terms.ts";
import {
  commonRegimes,
  everyone,
  labels,
  large,
  masked,
  type Numbers,
  near,
  option,
  options,
  reduced,
  size,
  small,
  tensors,
  uniform,
  upstream,
  valuesOf,
  withEntry,
  withIgnoredNaN,
  withNaNLabels,
  withNegativeWeights,
  withSoftLabels,
  withTinyWeights,
} from "./arbitraries.ts";
import { type Case, labelTensor, reducing, rowsOf, type Subject } from "./case.ts";

const temperature = option("temperature", 0.5, 8);

/** Cases with class indices as labels. Label rows mix all centroids, also those of absent classes. */
const byIndices = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> =>
  cases.map((input) => ({ ...input, labels: { ...input.labels!, form: "indices" } }));

/** Logits of teacher and student, with labels. */
const pairs =
  (settings: fc.Arbitrary<Record<string, number>>, classes = size(2, 6)) =>
  (numbers: Numbers): fc.Arbitrary<Case> =>
    fc.tuple(size(1, 5), classes).chain(([n, c]) =>
      fc
        .record({
          variables: tensors(numbers, [[n, c]]),
          constants: tensors(numbers, [[n, c]]),
          labels: labels(n, c),
          options: settings,
          upstream,
          reducing: reduced(n),
        })
        .map(({ reducing, ...input }) => ({ ...input, ...reducing })),
    );

/** High temperatures, where the divergence is small before the factor T². */
const hot = option("temperature", 100, 10_000);

const weightRegimes = (cases: fc.Arbitrary<Case>) => ({
  "negative weights": withNegativeWeights(cases),
  "tiny weights": withTinyWeights(cases),
  "NaN rows of weight 0": withIgnoredNaN(cases),
});

const kdCases = pairs(temperature);

const kd: Subject = {
  name: "kdLoss",
  regimes: {
    ...commonRegimes(kdCases, 4),
    ...weightRegimes(kdCases(uniform(4))),
    masked: masked(pairs(temperature)(uniform(4)), "teacher", "both"),
    "masked student": masked(kdCases(uniform(4)), "student"),
    "near the teacher": near(pairs(temperature)(uniform(4))),
    "high temperature": pairs(hot)(uniform(4)),
  },
  library: ({ variables: [s], constants: [t] }, input) =>
    kdLoss(t!, s!, { ...input.options, ...reducing(input) }),
  oracle: ({ variables: [s], constants: [t] }, { options, reduction = "MEAN", weights }) =>
    reduce(oracle.kd(rowsOf(t!), rowsOf(s!), options.temperature ?? 4), reduction, weights),
};

const binaryCases =
  (settings = temperature) =>
  (numbers: Numbers) =>
    pairs(settings, size(1, 5))(numbers).map(({ labels: _, ...input }): Case => input);

/** Keeps teachers without probabilities that are so small that some backends flush them to 0. */
const isNotTiny = ({ constants: [t], options }: Case) =>
  t!.data.every((z) => !(Math.abs(Math.abs(z / (options.temperature ?? 1)) - 95) < 10));

const binaryKd: Subject = {
  name: "binaryKdLoss",
  regimes: {
    ...commonRegimes(binaryCases(), 4),
    large: binaryCases()(large).filter(isNotTiny),
    ...weightRegimes(binaryCases()(uniform(4))),
    saturated: binaryCases()(uniform(40)),
    masked: masked(binaryCases()(uniform(4)), ...everyone),
    "near the teacher": near(binaryCases()(uniform(4))),
    "high temperature": binaryCases(hot)(uniform(4)),
  },
  library: ({ variables: [s], constants: [t] }, input) =>
    binaryKdLoss(t!, s!, { ...input.options, ...reducing(input) }),
  oracle: ({ variables: [s], constants: [t] }, { options, reduction = "MEAN", weights }) =>
    reduce(oracle.binaryKd(rowsOf(t!), rowsOf(s!), options.temperature ?? 1), reduction, weights),
};

const dkdOptions = options(option("alpha", 0, 2), option("beta", 0, 10), temperature);
const dkdCases = pairs(dkdOptions);

const dkd: Subject = {
  name: "dkdLoss",
  regimes: {
    ...commonRegimes(dkdCases, 4),
    ...weightRegimes(dkdCases(uniform(4))),
    masked: masked(pairs(dkdOptions, size(3, 6))(uniform(4)), "teacher", "both"),
    "masked student": masked(pairs(dkdOptions, size(3, 6))(uniform(4)), "student"),
    "near the teacher": near(pairs(dkdOptions)(uniform(4))),
    "high temperature": pairs(hot)(uniform(4)),
    "label distributions": withSoftLabels(dkdCases(uniform(4))),
  },
  library: ({ variables: [s], constants: [t] }, input) =>
    dkdLoss(labelTensor(input.labels!), t!, s!, { ...input.options, ...reducing(input) }),
  oracle: (
    { variables: [s], constants: [t] },
    { labels, options, reduction = "MEAN", weights },
  ) => {
    const settings = { alpha: 1, beta: 8, temperature: 4, ...options };
    return reduce(oracle.dkd(labels!.rows, rowsOf(t!), rowsOf(s!), settings), reduction, weights);
  },
};

/** Cases without labels and weights. */
const distPairs = (classes: fc.Arbitrary<number>) => (numbers: Numbers) =>
  pairs(
    options(option("beta", 0, 2), option("gamma", 0, 2), temperature),
    classes,
  )(numbers).map(({ variables, constants, options, upstream }) => ({
    variables,
    constants,
    options,
    upstream,
  }));

/**
 * Keeps probabilities that differ by at least 30 % within each row and each column. The gradient divides
 * by these differences twice, which amplifies the rounding of the probabilities. Students with only
 * nearly saturated rows are left out, since their gradients vanish.
 */
const isVaried = ({ variables, constants, options }: Case) => {
  const temperature = options.temperature ?? 1;
  const seconds = rowsOf(variables[0]!).map(
    (row) => softmax(row, temperature).sort((a, b) => b - a)[1]!,
  );
  const second = Math.max(...seconds);
  return (
    (second < 1e-45 || second > 1e-3) &&
    [...variables, ...constants].every((values) => {
      const p = rowsOf(values).map((row) => softmax(row, temperature));
      const columns = p[0]!.map((_, c) => p.map((row) => row[c]!));
      return [...p, ...(p.length > 1 ? columns : [])].every((xs) => {
        const largest = Math.max(...xs);
        return largest < 1e-12 || largest - Math.min(...xs) > 0.3 * largest;
      });
    })
  );
};

const softmax = (row: readonly number[], temperature: number) =>
  oracle.logSoftmax(row.map((x) => num(x / temperature))).map(({ value }) => Math.exp(value));

const distCases = (numbers: Numbers) => distPairs(size(2, 6))(numbers).filter(isVaried);

/** All logits of a row are equal. */
const withEqualRows = (cases: fc.Arbitrary<Case>, numbers: Numbers) =>
  fc.tuple(cases, numbers(5)).map(([input, values]) => ({
    ...input,
    variables: input.variables.map(({ shape, data }) => ({
      shape,
      data: data.map((_, i) => values[Math.floor(i / shape[1]!)]!),
    })),
  }));

const dist: Subject = {
  name: "distLoss",
  regimes: {
    ...commonRegimes(distCases, 4),
    small: distPairs(size(2, 6))(small),
    masked: masked(distPairs(size(2, 6))(uniform(4)), ...everyone).filter(isVaried),
    "near the teacher": near(distCases(uniform(4))),
    "equal logits": withEqualRows(distPairs(size(7, 12))(uniform(4)), uniform(8)),
  },
  library: ({ variables: [s], constants: [t] }, { options }) => distLoss(t!, s!, options),
  oracle: ({ variables: [s], constants: [t] }, { options }) =>
    oracle.dist(rowsOf(t!), rowsOf(s!), { beta: 1, gamma: 1, temperature: 1, ...options }),
};

/** One matrix of logits, with labels. */
const single =
  (settings: fc.Arbitrary<Record<string, number>>, classes = size(2, 6)) =>
  (numbers: Numbers): fc.Arbitrary<Case> =>
    pairs(
      settings,
      classes,
    )(numbers).map(({ constants, ...input }) => ({ ...input, constants: [] }));

const noOptions = fc.constant({});
const rows = (classes: fc.Arbitrary<number>) => (numbers: Numbers) =>
  single(
    noOptions,
    classes,
  )(numbers).map(({ variables, upstream }) => ({
    variables,
    constants: [],
    options: {},
    upstream,
  }));

/** Keeps rows whose spread is at least a tenth of the largest logit: the result divides by it. */
const rowCases = (numbers: Numbers) =>
  rows(size(2, 6))(numbers).filter(({ variables: [z] }) =>
    rowsOf(z!).every((row) => {
      const largest = Math.max(...row.map(Math.abs));
      return Math.max(...row) - Math.min(...row) >= 0.1 * largest;
    }),
  );
const wideRowCases = rows(size(7, 12));

const standardize: Subject = {
  name: "standardizeLogits",
  regimes: {
    ...commonRegimes(rowCases, 4),
    "equal logits": withEqualRows(wideRowCases(uniform(1)), uniform(1000)),
  },
  outputShape: ({ variables: [z] }) => z!.shape,
  library: ({ variables: [z] }) => standardizeLogits(z!),
  oracle: ({ variables: [z] }) => oracle.standardize(rowsOf(z!)),
};

const centroidCases = single(noOptions);

const centroids: Subject = {
  name: "classCentroids",
  regimes: {
    ...commonRegimes(centroidCases, 4),
    masked: masked(centroidCases(uniform(4)), "student"),
    "label distributions": withSoftLabels(centroidCases(uniform(4))),
    "NaN labels": withNaNLabels(centroidCases(uniform(4))),
  },
  outputShape: ({ labels }) => [labels!.rows[0]!.length, labels!.rows[0]!.length],
  library: ({ variables: [z] }, { labels }) => classCentroids(labelTensor(labels!), z!),
  oracle: ({ variables: [z] }, { labels }) =>
    oracle.centroids(labels!.rows, rowsOf(z!)).flat().map(plain),
};

/** Random distributions, some with zeros. */
const centroidRows = (c: number) =>
  valuesOf(
    (count) =>
      fc.array(fc.noBias(fc.integer({ min: 0, max: 64 })), {
        minLength: count,
        maxLength: count,
      }),
    [c, c],
  ).map(({ shape, data }) => ({
    shape,
    data: data.map((x, i) => {
      const row = data.slice(Math.floor(i / c) * c, (Math.floor(i / c) + 1) * c);
      return Math.fround(x / (row.reduce((a, b) => a + b) || 1));
    }),
  }));

const withCentroids = (cases: (numbers: Numbers) => fc.Arbitrary<Case>) => (numbers: Numbers) =>
  cases(numbers).chain((input) =>
    centroidRows(input.labels!.rows[0]!.length).map(
      (rows): Case => ({ ...input, constants: [rows] }),
    ),
  );

const unweighted = (numbers: Numbers) =>
  single(noOptions)(numbers).map(({ weights: _, ...input }): Case => input);
const givenCentroids = withCentroids(unweighted)(uniform(4));

/** Half of the cases with constant centroids, half with the batch's own. */
const cmiCases = (numbers: Numbers) =>
  fc.oneof(unweighted(numbers), withCentroids(unweighted)(numbers));

const cmi: Subject = {
  name: "conditionalMutualInformation",
  regimes: {
    ...commonRegimes(cmiCases, 4, "student"),
    masked: masked(cmiCases(uniform(4)), "student"),
    "NaN centroids": withEntry(byIndices(givenCentroids), [Number.NaN], "teacher"),
    "infinite centroids": withEntry(
      byIndices(givenCentroids),
      [Number.POSITIVE_INFINITY],
      "teacher",
    ),
    "label distributions": withSoftLabels(cmiCases(uniform(4))),
    "NaN labels": withNaNLabels(cmiCases(uniform(4))),
  },
  mixesSamples: ({ constants }) => constants.length === 0,
  library: ({ variables: [z], constants: [centroids] }, input) =>
    conditionalMutualInformation(labelTensor(input.labels!), z!, {
      centroids,
      reduction: reducing(input).reduction,
    }),
  oracle: ({ variables: [z], constants: [given] }, { labels, reduction = "MEAN" }) => {
    const [rows, logits] = [labels!.rows, rowsOf(z!)];
    const q = given ? rowsOf(given) : oracle.centroids(rows, logits);
    return reduce(oracle.cmi(rows, logits, q), reduction);
  },
};

const moveCases = (numbers: Numbers) =>
  withCentroids(single(option("decay", 0, 1)))(numbers).map(
    ({ weights: _, reduction: __, ...input }): Case => input,
  );

const movedCentroids: Subject = {
  name: "updateCentroids",
  hasGradient: false,
  regimes: {
    ...commonRegimes(moveCases, 4, "student"),
    masked: masked(moveCases(uniform(4)), "student"),
    "NaN centroids": withEntry(moveCases(uniform(4)), [Number.NaN], "teacher"),
    "rows of other sums": fc
      .tuple(moveCases(uniform(4)), fc.constantFrom(0, 0.5))
      .map(([input, factor]) => ({
        ...input,
        constants: input.constants.map(({ shape, data }) => ({
          shape,
          data: data.map((x) => factor * x),
        })),
      })),
    "label distributions": withSoftLabels(moveCases(uniform(4))),
  },
  outputShape: ({ constants: [centroids] }) => centroids!.shape,
  library: ({ variables: [z], constants: [centroids] }, { labels, options }) =>
    updateCentroids(centroids!, labelTensor(labels!), z!, options),
  oracle: ({ variables: [z], constants: [centroids] }, { labels, options }) =>
    oracle.movedCentroids(rowsOf(centroids!), labels!.rows, rowsOf(z!), options.decay ?? 0.9),
};

const mcmiOptions = options(
  option("lambda", 0, 1).map((given) => ({ lambda: 0.15, ...given })),
  option("labelSmoothing", 0, 1),
);
const mcmiCases = withCentroids(single(mcmiOptions));

const maskedMcmiCases = masked(mcmiCases(uniform(4)), "student");

/** Whether the labels give no weight to masked classes, so that the cross-entropy is finite. */
const hasFiniteEntropy = ({ variables: [z], labels, options }: Case) =>
  !options.labelSmoothing &&
  labels!.rows.flat().every((weight, i) => weight === 0 || Number.isFinite(z!.data[i]!));

const mcmi: Subject = {
  name: "mcmiLoss",
  regimes: {
    ...commonRegimes(mcmiCases, 4, "student"),
    ...weightRegimes(mcmiCases(uniform(4))),
    masked: maskedMcmiCases.filter(hasFiniteEntropy),
    "masked label": maskedMcmiCases.filter((input) => !hasFiniteEntropy(input)),
    "NaN centroids": withEntry(byIndices(mcmiCases(uniform(4))), [Number.NaN], "teacher"),
    "infinite centroids": withEntry(
      byIndices(mcmiCases(uniform(4))),
      [Number.POSITIVE_INFINITY],
      "teacher",
    ),
    "label distributions": withSoftLabels(mcmiCases(uniform(4))),
    "NaN labels": withNaNLabels(mcmiCases(uniform(4))),
  },
  library: ({ variables: [z], constants: [centroids] }, input) =>
    mcmiLoss(labelTensor(input.labels!), z!, centroids!, {
      lambda: 0.15,
      ...input.options,
      ...reducing(input),
    }),
  oracle: (
    { variables: [z], constants: [q] },
    { labels, options, reduction = "MEAN", weights },
  ) => {
    const settings = { lambda: 0.15, labelSmoothing: 0, ...options };
    return reduce(oracle.mcmi(labels!.rows, rowsOf(z!), rowsOf(q!), settings), reduction, weights);
  },
};

const cmicOptions = options(
  option("lambda", 0.01, 2).map((given) => ({ lambda: 0.5, ...given })),
  option("beta", 0, 0.5).map((given) => ({ beta: 0.1, ...given })),
);
const cmicCases = withCentroids((numbers) =>
  single(cmicOptions)(numbers).map(({ weights: _, reduction: __, ...input }): Case => input),
);

const cmic: Subject = {
  name: "cmicLoss",
  regimes: {
    ...commonRegimes(cmicCases, 4, "student"),
    "NaN centroids": withEntry(byIndices(cmicCases(uniform(4))), [Number.NaN], "teacher"),
    "label distributions": withSoftLabels(cmicCases(uniform(4))),
    "NaN labels": withNaNLabels(cmicCases(uniform(4))),
  },
  library: ({ variables: [z], constants: [centroids] }, { labels, options }) =>
    cmicLoss(labelTensor(labels!), z!, centroids!, { lambda: 0.5, beta: 0.1, ...options }),
  oracle: ({ variables: [z], constants: [q] }, { labels, options }) =>
    oracle.cmic(labels!.rows, rowsOf(z!), rowsOf(q!), { lambda: 0.5, beta: 0.1, ...options }),
};

/** Class logits and logits of one or two heads, for the four rotations of one or two images. */
const hsakdCases =
  (settings: fc.Arbitrary<Record<string, number>>) =>
  (numbers: Numbers): fc.Arbitrary<Case> =>
    fc.tuple(size(1, 2), size(2, 3), size(1, 2)).chain(([batch, c, heads]) => {
      const shapes = [[4 * batch, c], ...Array.from({ length: heads }, () => [4 * batch, 4 * c])];
      return fc.record({
        variables: tensors(numbers, shapes),
        constants: tensors(numbers, shapes),
        options: settings,
        upstream,
      });
    });

const hsakd: Subject = {
  name: "hsakdLoss",
  regimes: {
    ...commonRegimes(hsakdCases(temperature), 4),
    masked: masked(hsakdCases(temperature)(uniform(4)), "teacher", "both"),
    "masked student": masked(hsakdCases(temperature)(uniform(4)), "student"),
    "near the teacher": near(hsakdCases(temperature)(uniform(4))),
    "high temperature": hsakdCases(hot)(uniform(4)),
  },
  library: ({ variables, constants }, { options }) => {
    const [logits, ...heads] = variables;
    const [teacherLogits, ...teacherHeads] = constants;
    const teacher = { logits: teacherLogits!, heads: teacherHeads };
    return hsakdLoss(teacher, { logits: logits!, heads }, options);
  },
  oracle: ({ variables, constants }, { options }) =>
    oracle.hsakd(constants.map(rowsOf), variables.map(rowsOf), options.temperature ?? 3),
};

export const logitSubjects: readonly Subject[] = [
  mcmi,
  cmic,
  cmi,
  centroids,
  movedCentroids,
  kd,
  binaryKd,
  dkd,
  dist,
  standardize,
  hsakd,
];
