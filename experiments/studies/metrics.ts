import {
  type Estimate,
  estimateOf,
  format,
  formatInterval,
  pairedInterval,
} from "../common/statistics.ts";
import type { Outcome } from "../evaluate.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { Probe } from "../recipe.ts";

/** A number measured in a run. */
export interface Metric {
  name: string;
  digits: number;
  of: (outcome: Outcome) => number;
}

export const teacherAccuracy: Metric = {
  name: "teacher, %",
  digits: 2,
  of: ({ teacher }) => 100 * teacher.accuracy.test,
};

export const teacherCmi: Metric = {
  name: "CMI, nats",
  digits: 4,
  of: ({ teacher }) => teacher.cmi,
};

export const studentAccuracy: Metric = {
  name: "student, %",
  digits: 2,
  of: ({ student }) => 100 * student!.accuracy.test,
};

/** Accuracy on images of classes that the student never saw. */
export const removedAccuracy = (removed: readonly number[]): Metric => ({
  name:
    removed.length === 1 ? "student on the removed class, %" : "student on the removed classes, %",
  digits: 1,
  of: ({ student }) => meanOf(removed.map((c) => 100 * student!.perClass.test[c]!)),
});

/** The same on validation images, for choices. */
export const onValidation =
  (removed: readonly number[]) =>
  ({ student }: Outcome) =>
    removed.length > 0
      ? meanOf(removed.map((c) => student!.perClass.validation[c]!))
      : student!.accuracy.validation;

/** Accuracy of a probe: on the removed class if there is one, otherwise on all classes. */
export const probeMetric = ({ removed }: Probe): Metric =>
  removed.length > 0 ? removedAccuracy(removed) : studentAccuracy;

export const estimate = (outcomes: Outcomes, plan: Plan, { of }: Metric): Estimate =>
  estimateOf(outcomes.values(plan, of));

/** `97.42 ± 0.11` */
export const show = (outcomes: Outcomes, plan: Plan, metric: Metric): string =>
  format(estimate(outcomes, plan, metric), metric.digits);

/** The paired difference with its 95 % CI: `+1.20 [+0.31, +2.09]`. */
export function showGain(
  outcomes: Outcomes,
  [plan, control]: readonly [Plan, Plan],
  { of, digits }: Metric,
): string {
  const [a, b] = [outcomes.values(plan, of), outcomes.values(control, of)];
  return formatInterval(pairedInterval(a, b), digits);
}

const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
