import fc from "fast-check";
import { describe, expect, inject, test } from "vitest";
import { knownFaultOf } from "./known-faults.ts";
import { casesPerRegime, runRegime } from "./run.ts";
import { subjects } from "./subjects.ts";

const CASES = 200;

describe.each(subjects)("$name", (subject) => {
  const { backend, tolerance } = inject("backend");

  test.each(Object.keys(subject.regimes))("%s inputs: equals the float64 formula", (regime) => {
    const known = knownFaultOf(subject.name, regime, backend);
    const cases = known ? CASES : casesPerRegime(subject, CASES);
    const details = runRegime(subject, regime, { cases, tolerance }, known !== undefined);
    if (known) expect(details.failed, `no longer fails: ${known.fault}`).toBe(true);
    else expect(fc.defaultReportMessage(details)).toBeUndefined();
  });
});
