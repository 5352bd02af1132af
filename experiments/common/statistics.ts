import { deviation, mean } from "d3-array";
import jstat from "jstat";

/** A mean over seeds and its standard error, which is undefined for a single seed. */
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

/** The mean of the differences between two runs, paired by seed. */
export const pairedDifference = (a: readonly number[], b: readonly number[]): Estimate =>
  estimateOf(a.map((x, i) => x - b[i]!));

/** A mean and its 95 % confidence interval, which is undefined for a single value. */
export interface Interval extends Estimate {
  interval: readonly [low: number, high: number] | undefined;
}

/** The paired difference with its 95 % confidence interval by Student's t. */
export function pairedInterval(a: readonly number[], b: readonly number[]): Interval {
  const { mean, error } = pairedDifference(a, b);
  if (error === undefined) return { mean, error, interval: undefined };
  const reach = jstat.studentt.inv(0.975, a.length - 1) * error;
  return { mean, error, interval: [mean - reach, mean + reach] };
}

const signed = (x: number, digits: number) => `${x >= 0 ? "+" : ""}${x.toFixed(digits)}`;

/** `97.42 ± 0.11`, or the mean alone. */
export function format({ mean, error }: Estimate, digits: number, sign = false): string {
  const text = sign ? signed(mean, digits) : mean.toFixed(digits);
  return error === undefined ? text : `${text} ± ${error.toFixed(digits)}`;
}

/** `+3.1 [+1.2, +5.0]`, or the mean alone. */
export function formatInterval({ mean, interval }: Interval, digits: number): string {
  const text = signed(mean, digits);
  return interval === undefined
    ? text
    : `${text} [${interval.map((end) => signed(end, digits)).join(", ")}]`;
}
