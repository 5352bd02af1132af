import { type ClassSums, type CmiSums, classList, countsOf, presentClasses } from "./cmi-sums.ts";

/**
 * The state of a {@link CmiEstimator} as plain JSON: sums per class, as float64. `probabilities` and
 * `logProbabilities` have a row of C numbers for each class that has samples, in the order of the
 * classes. `CmiEstimator.fromJSON` also reads C rows, those of the other classes being zeros.
 */
export interface CmiEstimatorJson {
  numClasses: number;
  /** Number of samples in each class, or the sum of their weights, C numbers. */
  counts: number[];
  /** Σ P_x over the samples of each class, row by row. */
  probabilities: number[];
  /** Σ log P_x, in the same layout. */
  logProbabilities: number[];
  /** Σ H(P_x) over the samples of each class, C numbers. */
  entropies: number[];
  crossEntropy: number;
  correct: number;
  /** Rows skipped because of an invalid label. */
  badLabels: number;
  /** Rows skipped because a logit is NaN or infinite. */
  badLogits: number;
}

/** Numbers in a list that `JSON.stringify` cannot write any more: its strings end at 2²⁹ characters. */
const TOO_MANY = 33_554_432;

/** The sums as plain JSON. Throws if they are more numbers than a string can hold. */
export function jsonOf(sums: CmiSums): CmiEstimatorJson {
  const present = presentClasses(sums);
  const size = present.length * sums.numClasses;
  if (size > TOO_MANY) {
    const advice = "merge the estimators in one process";
    throw new Error(`CmiEstimator.toJSON: 2x${size} numbers are too many for JSON; ${advice}`);
  }
  const { numClasses, crossEntropy, correct, badLabels, badLogits } = sums;
  const rows = (row: (own: ClassSums) => Float64Array) => present.flatMap((own) => [...row(own)]);
  return {
    numClasses,
    counts: countsOf(sums),
    probabilities: rows(({ p }) => p),
    logProbabilities: rows(({ logP }) => logP),
    entropies: classList(sums, 0, ({ entropy }) => entropy),
    crossEntropy,
    correct,
    badLabels,
    badLogits,
  };
}

/** The sums that {@link jsonOf} wrote for a number of classes. Throws if they are of another form. */
export function sumsOfJson(json: CmiEstimatorJson): CmiSums {
  const c = json.numClasses;
  checkNumbers(json, "counts", [c], isCount);
  checkNumbers(json, "entropies", [c]);
  const present = json.counts.flatMap((count, y) => (count > 0 ? [y] : []));
  checkNumbers(json, "probabilities", [present.length * c, c * c]);
  checkNumbers(json, "logProbabilities", [present.length * c, c * c]);
  const { numClasses, crossEntropy, correct, badLabels, badLogits } = json;
  for (const [key, value] of Object.entries({ crossEntropy, correct, badLabels, badLogits })) {
    if (!Number.isFinite(value)) throw malformed(key);
  }
  const rowOf = (rows: number[], y: number, i: number) => {
    const place = rows.length === c * c ? y : i;
    return Float64Array.from(rows.slice(place * c, (place + 1) * c));
  };
  const classes = present.map((y, i): [number, ClassSums] => [
    y,
    {
      count: json.counts[y]!,
      p: rowOf(json.probabilities, y, i),
      logP: rowOf(json.logProbabilities, y, i),
      entropy: json.entropies[y]!,
    },
  ]);
  return { numClasses, classes: new Map(classes), crossEntropy, correct, badLabels, badLogits };
}

/** A number of samples, or a sum of their weights. */
const isCount = (x: number) => Number.isFinite(x) && x >= 0;

function checkNumbers(
  json: CmiEstimatorJson,
  key: "counts" | "entropies" | "probabilities" | "logProbabilities",
  lengths: readonly number[],
  isValid: (x: number) => boolean = Number.isFinite,
): void {
  const numbers = json[key];
  const isList = Array.isArray(numbers) && lengths.includes(numbers.length);
  if (!isList || !numbers.every(isValid)) throw malformed(key);
}

const malformed = (key: string) =>
  new Error(`CmiEstimator.fromJSON: ${key} is missing or not as toJSON writes it`);
