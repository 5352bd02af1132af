import type { Shape } from "./data/images.ts";
import { range } from "./data/order.ts";
import type { ModelName } from "./models/index.ts";
import {
  fineTuned,
  type KdSettings,
  type Plan,
  type StudentPlan,
  type TeacherPlan,
} from "./pipeline/plan.ts";
import type { Schedule } from "./pipeline/schedule.ts";

/** The settings of all experiments on a data set. */
export interface Recipe {
  images: Plan["images"];
  /** Trained with cross-entropy for all epochs. */
  teacher: TeacherPlan;
  fineTuning: Schedule;
  /** λ of the MCMI teacher. */
  lambda: number;
  student: ModelName;
  /** Two students that probe a teacher: one with few images, one without a class. */
  probes: { fewImages: Probe; withoutClass: Probe };
  fewShot: {
    kd: KdSettings;
    /** The largest share for CRD. The cost of its steps grows with the number of images. */
    crdUpTo: number;
    shares: readonly { share: number; schedule: Schedule }[];
  };
  zeroShot: {
    kd: KdSettings;
    removed: readonly (readonly number[])[];
    atMost: number;
    schedule: Schedule;
  };
  temperatures: readonly number[];
  /** 0, the baseline of the gains, and others. */
  lambdas: readonly number[];
  regularizers: {
    lambda: readonly number[];
    labelSmoothing: readonly number[];
    entropy: readonly number[];
    temperature: readonly number[];
  };
  /** A teacher with feature maps, for methods and scores that need them. */
  maps: {
    teacher: TeacherPlan;
    fineTuning: Schedule;
    lambda: number;
    /** 0, the baseline of the gains, and others. */
    lambdas: readonly number[];
    student: ModelName;
    share: number;
    schedule: Schedule;
    layer: string;
    images: number;
  };
}

export type Probe = Pick<StudentPlan, "share" | "atMost" | "removed" | "schedule"> & {
  kd: KdSettings;
};

const mlp = { network: "mlp-256-128" } as const;
const adam = (epochs: number, batchSize = 64, learningRate = 1e-3): Schedule => ({
  epochs,
  batchSize,
  learningRate,
});
/** Without warm-up, MCMI's first steps destroy the teacher. Large batches cost it less accuracy. */
const gently = (epochs: number): Schedule => ({ ...adam(epochs, 256, 5e-4), warmUp: 0.2 });

const withoutLabels: KdSettings = { temperature: 2, alpha: 1 };
const withLabels: KdSettings = { temperature: 2, alpha: 0.9 };
const zeroShot = adam(60, 128, 4e-3);
const fewImages = adam(80);

/** For 28×28 grey images on two CPU cores. λ, T and α were chosen on validation images of other seeds of MNIST. */
const small: Recipe = {
  images: { train: 20_000, validation: 5000 },
  teacher: { ...mlp, schedule: adam(20), kept: [1, 2, 4, 8, 14, 20], epoch: 20 },
  fineTuning: gently(16),
  lambda: 0.4,
  student: "mlp-64",
  probes: {
    fewImages: { share: 0.05, removed: [], kd: withLabels, schedule: fewImages },
    withoutClass: { share: 1, removed: [3], atMost: 4000, kd: withoutLabels, schedule: zeroShot },
  },
  fewShot: {
    kd: withLabels,
    crdUpTo: 0.1,
    shares: [
      { share: 0.01, schedule: fewImages },
      { share: 0.05, schedule: fewImages },
      { share: 0.1, schedule: adam(40) },
      { share: 0.25, schedule: adam(20) },
      { share: 0.5, schedule: adam(12) },
    ],
  },
  zeroShot: {
    kd: withoutLabels,
    removed: [...range(10).map((c) => [c]), [0, 1], [2, 3, 4], [0, 2, 4, 6, 8, 9]],
    atMost: 8000,
    schedule: zeroShot,
  },
  temperatures: [1, 2, 4, 8, 16],
  lambdas: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1],
  regularizers: {
    lambda: [0.3, 0.4],
    labelSmoothing: [0.05, 0.1, 0.2],
    entropy: [0.1, 0.3],
    temperature: [8, 16],
  },
  maps: {
    teacher: { network: "cnn-small", schedule: adam(15), kept: [15], epoch: 15 },
    fineTuning: gently(8),
    lambda: 0.25,
    lambdas: [0, 0.1, 0.25, 0.5, 1],
    student: "cnn-light",
    share: 0.05,
    schedule: adam(20),
    layer: "high",
    images: 5000,
  },
};

/** Smoke test: very few images and epochs. */
const tiny: Recipe = {
  ...small,
  images: { train: 200, validation: 100 },
  teacher: { ...mlp, schedule: adam(4), kept: [2, 4], epoch: 4 },
  fineTuning: gently(2),
  probes: {
    fewImages: { ...small.probes.fewImages, share: 0.5, schedule: adam(2) },
    withoutClass: { ...small.probes.withoutClass, schedule: adam(2) },
  },
  fewShot: {
    ...small.fewShot,
    crdUpTo: 1,
    shares: [0.2, 1].map((share) => ({ share, schedule: adam(2) })),
  },
  zeroShot: { kd: withoutLabels, removed: [[3], [0, 1]], atMost: 100, schedule: adam(2) },
  temperatures: [1, 4],
  lambdas: [0, 0.3],
  regularizers: { lambda: [0.3], labelSmoothing: [0.1], entropy: [0.1], temperature: [8] },
  maps: {
    ...small.maps,
    teacher: { ...small.maps.teacher, schedule: adam(2), kept: [2], epoch: 2 },
    fineTuning: adam(1),
    lambdas: [0, 0.3],
    share: 0.2,
    schedule: adam(1),
    images: 200,
  },
};

/** RepDistiller's settings. */
const usual: KdSettings = { temperature: 4, alpha: 0.9 };
const sgd = { momentum: 0.9, weightDecay: 5e-4 };

/** RepDistiller's schedule, as in the thesis. */
const cifar: Schedule = {
  epochs: 240,
  batchSize: 64,
  learningRate: 0.05,
  augment: true,
  sgd: { ...sgd, milestones: [150, 180, 210] },
};
/** Half the learning rate, which falls along half a cosine. */
const cifarFineTuning: Schedule = {
  epochs: 20,
  batchSize: 64,
  learningRate: 0.025,
  augment: true,
  sgd,
};

/** For 32×32 coloured images on a GPU. */
const full: Recipe = {
  ...small,
  images: { train: 45_000, validation: 5000 },
  teacher: {
    network: "resnet56",
    schedule: cifar,
    kept: [10, 30, 60, 120, 150, 180, 210, 240],
    epoch: 240,
  },
  fineTuning: cifarFineTuning,
  lambda: 0.15,
  student: "resnet20",
  probes: {
    fewImages: { share: 0.05, removed: [], kd: usual, schedule: cifar },
    withoutClass: { share: 1, removed: [3], kd: usual, schedule: cifar },
  },
  fewShot: {
    kd: usual,
    crdUpTo: 1,
    shares: [0.01, 0.05, 0.1, 0.25, 0.5].map((share) => ({ share, schedule: cifar })),
  },
  zeroShot: {
    kd: usual,
    removed: small.zeroShot.removed,
    atMost: 45_000,
    schedule: cifar,
  },
  lambdas: [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5],
  regularizers: { ...small.regularizers, lambda: [0.1, 0.15, 0.2] },
  maps: {
    teacher: { network: "resnet56", schedule: cifar, kept: [240], epoch: 240 },
    fineTuning: cifarFineTuning,
    lambda: 0.15,
    lambdas: [0, 0.05, 0.15, 0.35],
    student: "resnet20",
    share: 1,
    schedule: cifar,
    layer: "stage3_block9",
    images: 10_000,
  },
};

export const recipes = { small, tiny, full };

/** The recipe for images of a shape. */
export const recipeFor = ([, , channels]: Shape): Recipe => (channels === 1 ? small : full);

/** The teachers that most experiments compare: the same fine-tuning with λ = 0 and with MCMI. */
export const pairOf = (recipe: Recipe) => ({
  control: fineTuned(recipe.teacher, recipe.fineTuning, { lambda: 0 }),
  MCMI: fineTuned(recipe.teacher, recipe.fineTuning, { lambda: recipe.lambda }),
});

/** The teacher with feature maps, fine-tuned. */
export const mapsTeacher = ({ maps }: Recipe, lambda: number): TeacherPlan =>
  fineTuned(maps.teacher, maps.fineTuning, { lambda });

export type PairName = keyof ReturnType<typeof pairOf>;
export const PAIR = ["control", "MCMI"] as const;
