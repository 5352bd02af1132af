import type { Schedule } from "../common/optimizer.ts";

export type { Schedule };

/** Every number that the demo's runs depend on, apart from the seed. */
export interface Recipe {
  trainImages: number;
  validationImages: number;
  /** Which images accuracies are taken on: settings are chosen on `validation`. */
  evaluate: "test" | "validation";
  teacher: Schedule;
  fineTuning: Schedule;
  /** Weight of the CMI in the fine-tuning of the MCMI teacher. */
  lambda: number;
  temperature: number;
  /** Weight of the distillation loss; the rest is that of cross-entropy. */
  alpha: number;
  /** Shares of the training images that few-shot students see. */
  shares: readonly number[];
  fewShot: Schedule;
  /** Classes taken out of the student's data, each in a run of its own. */
  removed: readonly number[];
  zeroShotImages: number;
  zeroShot: Schedule;
}

const full: Recipe = {
  trainImages: 20_000,
  validationImages: 5000,
  evaluate: "test",
  teacher: { epochs: 20, batchSize: 64, learningRate: 1e-3 },
  fineTuning: { epochs: 8, batchSize: 64, learningRate: 5e-4 },
  lambda: 0.35,
  temperature: 4,
  alpha: 0.9,
  shares: [0.01, 0.05],
  fewShot: { epochs: 80, batchSize: 64, learningRate: 1e-3 },
  removed: [3],
  zeroShotImages: 8000,
  zeroShot: { epochs: 60, batchSize: 128, learningRate: 1e-3 },
};

export const recipes: Record<"full" | "quick", Recipe> = {
  full,
  quick: {
    ...full,
    trainImages: 5000,
    validationImages: 1000,
    teacher: { ...full.teacher, epochs: 20 },
    zeroShotImages: 4000,
    zeroShot: { ...full.zeroShot, epochs: 30 },
  },
};
