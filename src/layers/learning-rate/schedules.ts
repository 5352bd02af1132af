import { checkNumber } from "../../internal/checks.ts";

/**
 * A learning rate that depends on the progress alone: the number of epochs done, 0 at the start,
 * fractions allowed. A training that is resumed needs no other state of it.
 */
export type LearningRateSchedule = (epoch: number) => number;

/** Options of {@link cosineSchedule}. */
export interface CosineScheduleOptions {
  /** The rate where the decay starts, ≥ 0. */
  initial: number;
  /** The rate where it ends and stays, ≥ 0; default 0. */
  final?: number | undefined;
  /** Epochs of the whole training, warm-up included, > 0. */
  epochs: number;
  /** Epochs before the decay, within 0…epochs; default 0. */
  warmupEpochs?: number | undefined;
}

/**
 * Cosine decay, which MCMI teachers are fine-tuned with (half the rate of the cross-entropy teacher at
 * the start).
 *
 * $$\eta(t) = \eta_\mathrm{final} + \tfrac{1}{2} (\eta_\mathrm{initial} - \eta_\mathrm{final})
 * \left(1 + \cos \pi \frac{t - w}{T - w}\right)$$
 *
 * t is the epoch, T `epochs` and w `warmupEpochs`. Before w, the rate is initial · (t + 1)/(w + 1): it
 * grows linearly and is above 0 from the first step.
 *
 * Source: Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017
 * (arXiv 1608.03983), eq. 5 without restarts; Ye et al., ICLR 2024 (arXiv 2401.08732); the warm-up
 * is after Goyal et al., 2017 (arXiv 1706.02677), section 2.2.
 *
 * @param options The rates and the length.
 * @returns A schedule, for {@link LearningRateScheduler} or a loop with {@link setLearningRate}.
 * @throws If an option is out of its range.
 *
 * @example
 * ```ts
 * import { cosineSchedule } from "kd-cmi/layers";
 *
 * const schedule = cosineSchedule({ initial: 0.025, epochs: 20 });
 * console.log(schedule(0), schedule(10), schedule(20)); // 0.025, 0.0125, 0
 * ```
 */
export function cosineSchedule({
  initial,
  final = 0,
  epochs,
  warmupEpochs = 0,
}: CosineScheduleOptions): LearningRateSchedule {
  checkNumber("cosineSchedule", "initial", initial, { minimum: 0 });
  checkNumber("cosineSchedule", "final", final, { minimum: 0 });
  checkNumber("cosineSchedule", "epochs", epochs, { above: 0 });
  checkNumber("cosineSchedule", "warmupEpochs", warmupEpochs, { minimum: 0, maximum: epochs });
  return (epoch) => {
    if (epoch < warmupEpochs) return (initial * (epoch + 1)) / (warmupEpochs + 1);
    if (epoch >= epochs) return final;
    const done = (epoch - warmupEpochs) / (epochs - warmupEpochs);
    return final + ((initial - final) * (1 + Math.cos(Math.PI * done))) / 2;
  };
}

/** Options of {@link stepSchedule}. */
export interface StepScheduleOptions {
  /** The rate at the start, ≥ 0; 0.05 in the CIFAR-100 runs of CRD. */
  initial: number;
  /** The epochs that the rate changes at, rising; 150, 180 and 210 of 240 there. */
  milestones: readonly number[];
  /** What the rate is multiplied by at each, > 0; default 0.1. */
  factor?: number | undefined;
}

/**
 * Step decay: initial · factor^m, where m is the number of milestones reached.
 *
 * Source: Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020
 * (arXiv 1910.10699), appendix; RepDistiller's `adjust_learning_rate`, whose epochs count from 1.
 *
 * @param options The rate at the start, and where it changes by what.
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
export function stepSchedule({
  initial,
  milestones,
  factor = 0.1,
}: StepScheduleOptions): LearningRateSchedule {
  checkNumber("stepSchedule", "initial", initial, { minimum: 0 });
  checkNumber("stepSchedule", "factor", factor, { above: 0 });
  milestones.forEach((milestone, i) => {
    const above = i === 0 ? 0 : milestones[i - 1]!;
    checkNumber("stepSchedule", `milestones[${i}]`, milestone, { above });
  });
  const steps = [...milestones];
  return (epoch) => initial * factor ** steps.filter((milestone) => epoch >= milestone).length;
}
