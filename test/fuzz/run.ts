import fc from "fast-check";
import type { Case, Subject } from "./case.ts";
import { compare, type Errors } from "./compare.ts";

/** The number of cases, the backend's tolerance, and what repeats a run. */
export interface RunOptions {
  readonly cases: number;
  readonly tolerance: number;
  readonly seed?: number | undefined;
  /** fast-check's path to a single case of a seed. */
  readonly path?: string | undefined;
}

/** The result of the cases of one regime. */
export interface RegimeResult {
  readonly details: fc.RunDetails<[Case]>;
  /** The largest errors of the cases that passed. */
  readonly errors: Errors;
}

/** Compares a function with its oracle on random inputs of one regime, until the first failure. */
export function runRegime(
  subject: Subject,
  regime: string,
  { cases, tolerance, seed, path }: RunOptions,
  endOnFailure: boolean,
): RegimeResult {
  const errors: Errors = { value: 0, gradient: 0 };
  const property = fc.property(subject.regimes[regime]!, (input) => {
    const { value, gradient } = compare(subject, input, tolerance);
    errors.value = Math.max(errors.value, value);
    errors.gradient = Math.max(errors.gradient, gradient);
  });
  const details = fc.check(property, {
    numRuns: cases,
    endOnFailure,
    ...(seed !== undefined && { seed }),
    ...(path !== undefined && { path }),
  });
  return { details, errors };
}

/** The share of one regime in the cases of a function. */
export const casesPerRegime = (subject: Subject, cases: number) =>
  Math.ceil(cases / Object.keys(subject.regimes).length);
