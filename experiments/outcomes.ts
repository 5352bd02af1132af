import { range } from "./data/order.ts";
import type { Outcome } from "./evaluate.ts";
import type { Plan } from "./pipeline/plan.ts";
import { keyOf, type Result } from "./results.ts";

/** The outcomes of an experiment, for the seeds whose runs are all there. */
export interface Outcomes {
  seeds: readonly number[];
  /** A number of a plan's run, in the order of the seeds. */
  values(plan: Plan, of: (outcome: Outcome) => number): number[];
  /** The outcomes of a plan, in the order of the seeds. */
  all(plan: Plan): Outcome[];
}

/** Selects the outcomes of the plans. The last result of a repeated run counts. */
export function gather(
  results: readonly Result[],
  plans: readonly Plan[],
  { dataset, backend, seeds }: { dataset: string; backend: string; seeds: readonly number[] },
): Outcomes {
  const found = new Map(results.map((result) => [keyOf(result), result.outcome]));
  const outcome = (plan: Plan, seed: number) => found.get(keyOf({ dataset, backend, seed, plan }));
  const complete = seeds.filter((seed) => plans.every((plan) => outcome(plan, seed)));
  const all = (plan: Plan) => complete.map((seed) => outcome(plan, seed)!);
  return { seeds: complete, all, values: (plan, of) => all(plan).map(of) };
}

/** The sum of matrices of one shape. */
export const addMatrices = (matrices: readonly (readonly (readonly number[])[])[]): number[][] =>
  range(matrices[0]!.length).map((row) =>
    range(matrices[0]![row]!.length).map((column) =>
      matrices.reduce((sum, matrix) => sum + matrix[row]![column]!, 0),
    ),
  );
