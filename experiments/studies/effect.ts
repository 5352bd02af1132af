import { type Interval, pairedInterval } from "../common/statistics.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../pipeline/plan.ts";
import { type Metric, studentAccuracy } from "./metrics.ts";

/** Quantities that MCMI is compared in, with their units. */
export const SCALES = {
  removed: "student's accuracy on classes that it never saw, points",
  student: "student's accuracy, points",
  teacher: "teacher's accuracy, points",
  coverage: "coverage of the class-activation maps, points",
  divergence: "I(X;S|Y) of the class-activation maps, nats",
} as const;

/** MCMI − a baseline, for the summary of all experiments. */
export interface Effect {
  scale: keyof typeof SCALES;
  /** What is compared. The same on every data set. */
  what: string;
  baseline: string;
  digits: number;
  gain: Interval;
  /** The number of seeds. */
  seeds: number;
  plans: readonly Plan[];
  /** Only in charts, since another effect says as much. */
  isDetail?: true;
}

/** The effect of MCMI's plan over the baseline's. */
export function effectOf(
  outcomes: Outcomes,
  [plan, rival]: readonly [Plan, Plan],
  { of, digits }: Metric,
  rest: Pick<Effect, "what" | "baseline"> & Partial<Pick<Effect, "scale" | "isDetail">>,
): Effect {
  const gain = pairedInterval(outcomes.values(plan, of), outcomes.values(rival, of));
  const seeds = outcomes.seeds.length;
  return { scale: "student", digits, gain, seeds, plans: [plan, rival], ...rest };
}

/** A student's accuracy unless the metric is that of a removed class. */
export const scaleOf = (metric: Metric): Effect["scale"] =>
  metric === studentAccuracy ? "student" : "removed";
