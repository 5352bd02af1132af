import fc from "fast-check";
import { type Errors, relativeErrors } from "./compare.ts";
import { subjects } from "./subjects.ts";

/** The errors of a function on one backend. */
export interface Precision extends Errors {
  readonly name: string;
}

/** The largest relative errors of each function on ordinary inputs, on the current backend. */
export async function measurePrecision(cases: number, seed: number): Promise<Precision[]> {
  const measured: Precision[] = [];
  for (const subject of subjects) {
    const largest = { name: subject.name, value: 0, gradient: 0 };
    for (const input of fc.sample(subject.regimes.ordinary!, { numRuns: cases, seed })) {
      const { value, gradient } = await relativeErrors(subject, input);
      largest.value = Math.max(largest.value, value);
      largest.gradient = Math.max(largest.gradient, gradient);
    }
    measured.push(largest);
  }
  return measured;
}
