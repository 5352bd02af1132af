import { deviation, mean } from "d3-array";

/** A mean over seeds and its standard error, which a single seed does not have. */
export interface Estimate {
  mean: number;
  error: number | undefined;
}

export function estimateOf(values: readonly number[]): Estimate {
  const spread = deviation(values);
  return {
    mean: mean(values) ?? Number.NaN,
    error: spread === undefined ? undefined : spread / Math.sqrt(values.length),
  };
}

/** Of differences between two runs that share a seed. */
export const pairedDifference = (a: readonly number[], b: readonly number[]): Estimate =>
  estimateOf(a.map((x, i) => x - b[i]!));

/** `97.42 ± 0.11`, or the mean alone. */
export function format({ mean, error }: Estimate, digits: number, sign = false): string {
  const plus = sign && mean >= 0 ? "+" : "";
  const text = `${plus}${mean.toFixed(digits)}`;
  return error === undefined ? text : `${text} ± ${error.toFixed(digits)}`;
}
