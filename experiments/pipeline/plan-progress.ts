import type { Progress } from "../common/jobs.ts";
import type { Plan } from "./plan.ts";
import { type TrainingLength, trainingsOf } from "./trainings.ts";

/** Cost of a teacher's step in student steps; teachers have several times the parameters. */
const TEACHER_COST = 4;

const costOf = ({ of, stepsPerEpoch }: Pick<TrainingLength, "of" | "stepsPerEpoch">) =>
  (of === "teacher" ? TEACHER_COST : 1) * stepsPerEpoch;

/** Reports the share of the work done, estimated from the lengths of the training runs. */
export function planProgress(plans: readonly Plan[]) {
  const costs = trainingsOf(plans).map((trainings) =>
    trainings.reduce((sum, training) => sum + training.epochs * costOf(training), 0),
  );
  const upTo = (count: number) => costs.slice(0, count).reduce((a, b) => a + b, 0);
  const total = upTo(plans.length);
  let done = 0;
  const report = (label: string): Progress => ({ done: Math.min(1, done / total), label });
  return {
    afterEpoch(of: TrainingLength["of"], stepsPerEpoch: number, label: string): Progress {
      done += costOf({ of, stepsPerEpoch });
      return report(label);
    },
    /** Counts a teacher that was loaded instead of trained as done. */
    afterPlan(index: number): Progress {
      done = upTo(index + 1);
      return report(`run ${index + 1} of ${plans.length} done`);
    },
  };
}
