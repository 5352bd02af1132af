import { checkNumber, checkOptions } from "../../internal/checks.ts";
import type { LearningRateSchedule } from "./learning-rate-schedule.ts";

/** Options of {@link cosineSchedule}. */
export interface CosineScheduleOptions {
  /** Rate at the start of the decay, ≥ 0. */
  initial: number;
  /** Rate at the end of the decay and after it, ≥ 0; default 0. */
  final?: number | undefined;
  /** Epochs in total, warm-up included, > 0. */
  epochs: number;
  /** Warm-up epochs before the decay, within 0…epochs; default 0. */
  warmupEpochs?: number | undefined;
}

/**
 * Cosine decay with optional warm-up. MCMI teachers are fine-tuned with it, from half the initial rate
 * of the cross-entropy teacher.
 *
 * $$\eta(t) = \eta_\mathrm{final} + \tfrac{1}{2} (\eta_\mathrm{initial} - \eta_\mathrm{final})
 * \left(1 + \cos \pi \frac{t - w}{T - w}\right)$$
 *
 * t is the epoch, T `epochs` and w `warmupEpochs`. Before w, the rate is initial · (t + 1)/(w + 1), which
 * grows linearly and is above 0 from the first step.
 *
 * Source: Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017
 * (arXiv 1608.03983), eq. 5 without restarts; Ye et al., ICLR 2024 (arXiv 2401.08732); the warm-up
 * is after Goyal et al., 2017 (arXiv 1706.02677), section 2.2.
 *
 * @param options Rates and numbers of epochs.
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
export function cosineSchedule(options: CosineScheduleOptions): LearningRateSchedule {
  checkOptions("cosineSchedule", options, ["initial", "final", "epochs", "warmupEpochs"]);
  const { initial, final = 0, epochs, warmupEpochs = 0 } = options;
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
