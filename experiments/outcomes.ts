import { range } from "./data/order.ts";
import type { Outcome, Plan } from "./plan.ts";
import { keyOf, type Result } from "./results.ts";

/** The outcomes of an experiment's runs, for those seeds of which none is missing. */
export interface Outcomes {
  seeds: readonly number[];
  /** A number of each seed's run, in the order of the seeds. */
  values(plan: Plan, of: (outcome: Outcome) => number): number[];
  /** The outcome of each seed. */
  all(plan: Plan): Outcome[];
}

/** Where a run was repeated, the last one counts. */
export function gather(
  results: readonly Result[],
  plans: readonly Plan[],
  { dataset, backend, seeds }: { dataset: string; backend: string; seeds: readonly number[] },
): Outcomes {
  const found = new Map(results.map((result) => [keyOf(result), result.outcome]));
  const outcome = (plan: Plan, seed: number) => found.get(keyOf({ dataset, backend, seed, plan }));
  const whole = seeds.filter((seed) => plans.every((plan) => outcome(plan, seed)));
  const all = (plan: Plan) => whole.map((seed) => outcome(plan, seed)!);
  return { seeds: whole, all, values: (plan, of) => all(plan).map(of) };
}

/** Row by row, the sums of matrices of one shape. */
export const addMatrices = (matrices: readonly (readonly (readonly number[])[])[]): number[][] =>
  range(matrices[0]!.length).map((row) =>
    range(matrices[0]![row]!.length).map((column) =>
      matrices.reduce((sum, matrix) => sum + matrix[row]![column]!, 0),
    ),
  );
