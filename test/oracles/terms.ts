import { type Num, num, scale, sum, UNIT_ERROR } from "./tape.ts";

/** A result of an oracle. */
export interface Result {
  value: Num;
  /**
   * The sum of the magnitudes of the terms that the formula adds up. Rounding in float32 leaves an
   * error of some 1e-7 of it, even where the terms cancel.
   */
  size: number;
}

/** The size of a result with terms of a known size added. */
export const withSize = ({ value, size }: Result, more: number): Result => ({
  value,
  size: size + more,
});

/**
 * A sum of means of squared differences of numbers up to 1, with the sum of their factors. The squares
 * are off by the squares of the errors of these numbers.
 */
export const ofSquares = (value: Num, factor: number): Result =>
  withSize(plain(value), UNIT_ERROR * factor);

/** A result whose terms have one sign, so that none cancel. */
export const plain = (value: Num): Result => ({ value, size: Math.abs(value.value) });

/** The sum of terms of any sign, times a factor. */
export function sumOfTerms(terms: readonly Num[], factor = 1): Result {
  const size = terms.reduce((total, term) => total + Math.abs(term.value), 0);
  return { value: scale(sum(terms), factor), size: size * Math.abs(factor) };
}

/** The sum of results, times a factor. */
export function sumOfResults(results: readonly Result[], factor = 1): Result {
  const size = results.reduce((total, result) => total + result.size, 0);
  return {
    value: scale(sum(results.map(({ value }) => value)), factor),
    size: size * Math.abs(factor),
  };
}

/** The names of `tf.Reduction`. */
export type ReductionName = "NONE" | "MEAN" | "SUM" | "SUM_BY_NONZERO_WEIGHTS";

/**
 * Reduces losses of samples as `tf.losses` does. Samples of weight 0 do not count, whatever their loss.
 * Weights that are all 0 give 0.
 */
export function reduce(
  losses: readonly Result[],
  reduction: ReductionName,
  weights: readonly number[] = losses.map(() => 1),
): Result[] {
  const weighted = losses.map((loss, i): Result => {
    const weight = weights[i]!;
    return weight === 0 ? plain(num(0)) : sumOfResults([loss], weight);
  });
  if (reduction === "NONE") return weighted;
  if (reduction === "SUM") return [sumOfResults(weighted)];
  const divisor =
    reduction === "MEAN"
      ? weights.reduce((a, b) => a + b)
      : weights.filter((weight) => weight !== 0).length;
  return [sumOfResults(weighted, divisor === 0 ? 0 : 1 / divisor)];
}
