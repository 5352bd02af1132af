import { checkNumber, checkOptions, describeValue } from "../../internal/checks.ts";
import type { LearningRateSchedule } from "./learning-rate-schedule.ts";

/** Options of {@link stepSchedule}. */
export interface StepScheduleOptions {
  /** Rate at the start, ≥ 0; 0.05 in the CIFAR-100 runs of CRD. */
  initial: number;
  /** Epochs at which the rate changes, rising; 150, 180 and 210 of 240 there. */
  milestones: readonly number[];
  /** Factor of the rate at each milestone, > 0; default 0.1. */
  factor?: number | undefined;
}

/**
 * Step decay: initial · factor^m, where m is the number of milestones reached.
 *
 * Source: Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020
 * (arXiv 1910.10699), appendix; RepDistiller's `adjust_learning_rate`, whose epochs count from 1.
 *
 * @param options Initial rate, milestones and factor.
 * @returns A schedule, for {@link LearningRateScheduler} or a loop with {@link setLearningRate}.
 * @throws If an option is out of its range, or if the milestones do not rise.
 *
 * @example
 * ```ts
 * import { stepSchedule } from "kd-cmi/layers";
 *
 * const schedule = stepSchedule({ initial: 0.05, milestones: [150, 180, 210] }); // 240 epochs
 * console.log(schedule(149), schedule(150)); // 0.05, 0.005
 * ```
 */
export function stepSchedule(options: StepScheduleOptions): LearningRateSchedule {
  checkOptions("stepSchedule", options, ["initial", "milestones", "factor"]);
  const { initial, milestones, factor = 0.1 } = options;
  checkNumber("stepSchedule", "initial", initial, { minimum: 0 });
  checkNumber("stepSchedule", "factor", factor, { above: 0 });
  if (!Array.isArray(milestones)) {
    throw new Error(`stepSchedule: milestones must be a list, got ${describeValue(milestones)}`);
  }
  milestones.forEach((milestone, i) => {
    const above = milestones[i - 1] ?? 0;
    checkNumber("stepSchedule", `milestones[${i}]`, milestone, { above });
  });
  const steps = [...milestones];
  return (epoch) => initial * factor ** steps.filter((milestone) => epoch >= milestone).length;
}
