import fc from "fast-check";
import type { Case, Subject } from "./case.ts";
import { compare } from "./compare.ts";

/** The number of cases, the backend's tolerance, and what repeats a run. */
export interface RunOptions {
  readonly cases: number;
  readonly tolerance: number;
  readonly seed?: number | undefined;
  /** fast-check's path to a single case of a seed. */
  readonly path?: string | undefined;
}

/** Compares a function with its oracle on random inputs of one regime, until the first failure. */
export function runRegime(
  subject: Subject,
  regime: string,
  { cases, tolerance, seed, path }: RunOptions,
  endOnFailure: boolean,
): fc.RunDetails<[Case]> {
  const property = fc.property(subject.regimes[regime]!, (input) =>
    compare(subject, input, tolerance),
  );
  return fc.check(property, {
    numRuns: cases,
    endOnFailure,
    ...(seed !== undefined && { seed }),
    ...(path !== undefined && { path }),
  });
}

/** The share of one regime in the cases of a function. */
export const casesPerRegime = (subject: Subject, cases: number) =>
  Math.ceil(cases / Object.keys(subject.regimes).length);
