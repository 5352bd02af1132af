import { fineTuned, type Plan, type StudentPlan, type TeacherPlan } from "../pipeline/plan.ts";
import type { Schedule } from "../pipeline/schedule.ts";

/** Every number that the demo's runs depend on, apart from the seed. */
export interface Recipe {
  trainImages: number;
  validationImages: number;
  /** The images on which accuracies are measured. Settings are chosen on `validation`. */
  evaluate: "test" | "validation";
  teacher: Schedule;
  fineTuning: Schedule;
  /** Weight of the CMI in the fine-tuning of the MCMI teacher. */
  lambda: number;
  temperature: number;
  /** Weight of the distillation loss. Cross-entropy has the weight 1 − alpha. */
  alpha: number;
  /** Shares of the training images that few-shot students see. */
  shares: readonly number[];
  fewShot: Schedule;
  /** Classes removed from the student's images, each in its own run. */
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

/** Trained with cross-entropy (CE), fine-tuned further with it (control), fine-tuned with MCMI. */
export const TEACHERS = ["CE", "control", "MCMI"] as const;
export type TeacherName = (typeof TEACHERS)[number];

export interface TeacherPlans {
  teacher: TeacherPlan;
  fewShot: Plan[];
  zeroShot: Plan[];
}

/** A teacher and the plans of its students. */
export function plansOf(recipe: Recipe, name: TeacherName): TeacherPlans {
  const { trainImages, validationImages, temperature, alpha } = recipe;
  const images = { train: trainImages, validation: validationImages };
  const common = {
    network: "mlp-64-demo",
    method: "kd",
    kd: { temperature, alpha },
  } as const satisfies Partial<StudentPlan>;
  const teacher = teacherOf(recipe, name);
  const planOf = (student: StudentPlan): Plan => ({ images, teacher, student });
  return {
    teacher,
    fewShot: recipe.shares.map((share) =>
      planOf({
        ...common,
        share,
        removed: [],
        schedule: recipe.fewShot,
        orders: { images: "few-shot", batches: `${100 * share} % of the images,` },
      }),
    ),
    zeroShot: recipe.removed.map((removed) =>
      planOf({
        ...common,
        share: 1,
        atMost: recipe.zeroShotImages,
        removed: [removed],
        schedule: recipe.zeroShot,
        orders: { batches: `without class ${removed},` },
      }),
    ),
  };
}

function teacherOf({ teacher, fineTuning, lambda }: Recipe, name: TeacherName): TeacherPlan {
  const { epochs } = teacher;
  const start: TeacherPlan = {
    network: "mlp-256-128-demo",
    schedule: teacher,
    kept: [epochs],
    epoch: epochs,
  };
  if (name === "CE") return start;
  return fineTuned(start, fineTuning, { lambda: name === "MCMI" ? lambda : 0 });
}
