import type { Shape } from "./data/images.ts";
import { range } from "./data/order.ts";
import type { MethodName } from "./methods/index.ts";
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
  /**
   * What else the few-shot and zero-shot students are compared by: distillation from the CE teacher at
   * another temperature, fine-tuning with label smoothing, the CE teacher after an earlier epoch, and
   * MCMI with fixed centroids and a λ of its own.
   */
  rivals?: Rivals;
  /** Two students that probe a teacher: one with few images, one without a class. */
  probes: { fewImages: Probe; withoutClass: Probe };
  fewShot: FewShotRuns & {
    /** The largest share for CRD. The cost of its steps grows with the number of images. */
    crdUpTo: number;
    /** Students by `kd` with a constant number of steps, where the others have none. */
    constant?: Pick<FewShotRuns, "shares"> & { drawn: number; rivals: Rivals };
    goals: readonly FewShotGoal[];
  };
  zeroShot: {
    kd: KdSettings;
    /** Of MCMI; by default that of the recipe. */
    lambda?: number;
    /** By default those of the recipe. */
    rivals?: Rivals;
    removed: readonly (readonly number[])[];
    atMost?: number;
    /** Whether removed images leave gaps in the batches. */
    gaps?: true;
    schedule: Schedule;
    goals: ZeroShotGoals;
  };
  /** Factors of the epochs of the probes' students, 1 among them. */
  lengths: readonly number[];
  temperatures: readonly number[];
  /** 0, the baseline of the gains, and others. */
  lambdas: readonly number[];
  /** The same with fixed centroids. */
  fixedLambdas: readonly number[];
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
    /** All by default. */
    methods?: readonly MethodName[];
    /** How the weights of the methods were chosen on validation images. By default, they are the usual ones. */
    weights?: WeightChoice;
    /** The goal: methods under which MCMI's mean is above the control's. By default, most of them. */
    betterUnder?: number;
    layer: string;
    images: number;
  };
}

/** Students of the CE teacher by methods whose weight is multiplied by factors. */
export interface WeightChoice {
  /** The stored epoch of the teacher. */
  epoch: number;
  /** For each method the factors that were tried, and the chosen one. By default, only 1. */
  factors: Partial<Record<MethodName, { tried: readonly number[]; chosen: number }>>;
}

/** Settings of the rivals. */
export interface Rivals {
  temperature: number;
  labelSmoothing: number;
  epoch: number;
  fixedLambda: number;
}

/** Students with shares of the images. */
export interface FewShotRuns {
  kd: KdSettings;
  shares: readonly { share: number; schedule: Schedule }[];
  /** Images drawn in an epoch whatever the share, for a constant number of steps. */
  drawn?: number;
}

/** A gain of MCMI by a method at a share: above an amount, with a confidence interval above 0. */
export interface FewShotGoal {
  method: "kd" | "crd";
  share: number;
  /** Points, default 0. */
  atLeast?: number;
}

/** Goals for the mean over the single classes, in points of accuracy. */
export interface ZeroShotGoals {
  /** MCMI's students. */
  mean?: number;
  /** MCMI − control, and MCMI − CE if it is compared. */
  gain: number;
  /** Loss of the teacher's accuracy. */
  loss: number;
  /** MCMI's student on its best class. */
  best?: number;
  /** The teacher, on all classes, minus that. */
  belowTeacher?: number;
}

export type Probe = Pick<
  StudentPlan,
  "share" | "atMost" | "removed" | "gaps" | "drawn" | "schedule"
> & {
  kd: KdSettings;
};

const mlp = { network: "mlp-256-128" } as const;
const onDigits: Rivals = { temperature: 8, labelSmoothing: 0.1, epoch: 4, fixedLambda: 0.2 };
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
    constant: {
      shares: [0.01, 0.05, 0.1, 0.25, 0.5].map((share) => ({ share, schedule: adam(10) })),
      drawn: 20_000,
      rivals: onDigits,
    },
    goals: [0.01, 0.05].flatMap((share) => [
      { method: "kd" as const, share },
      { method: "crd" as const, share },
    ]),
  },
  zeroShot: {
    kd: withoutLabels,
    rivals: onDigits,
    removed: [...range(10).map((c) => [c]), [0, 1], [2, 3, 4], [0, 2, 4, 6, 8, 9]],
    atMost: 8000,
    schedule: zeroShot,
    goals: { mean: 60, gain: 30, loss: 0.6, best: 84 },
  },
  lengths: [0.25, 1, 4],
  temperatures: [1, 2, 4, 8, 16],
  lambdas: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1],
  fixedLambdas: [0, 0.1, 0.2, 0.3, 0.4],
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

const tinyRivals: Rivals = { temperature: 8, labelSmoothing: 0.1, epoch: 2, fixedLambda: 0.2 };

/** Smoke test: very few images and epochs, with everything that a recipe may ask for. */
const tiny: Recipe = {
  ...small,
  rivals: tinyRivals,
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
    shares: [{ share: 0.2, schedule: adam(2) }],
    drawn: 150,
    constant: { shares: [{ share: 0.2, schedule: adam(2) }], drawn: 120, rivals: tinyRivals },
    goals: [{ method: "kd", share: 0.2, atLeast: 1 }],
  },
  zeroShot: {
    ...small.zeroShot,
    rivals: tinyRivals,
    lambda: 0.5,
    removed: [[3], [0, 1]],
    atMost: 100,
    gaps: true,
    schedule: adam(2),
    goals: { ...small.zeroShot.goals, belowTeacher: 15 },
  },
  lengths: [1, 2],
  temperatures: [1, 4],
  lambdas: [0, 0.3],
  fixedLambdas: [0, 0.2],
  regularizers: { lambda: [0.3], labelSmoothing: [0.1], entropy: [0.1], temperature: [8] },
  maps: {
    ...small.maps,
    teacher: { ...small.maps.teacher, schedule: adam(2), kept: [2], epoch: 2 },
    fineTuning: adam(1),
    lambdas: [0, 0.3],
    share: 0.2,
    schedule: adam(1),
    weights: { epoch: 2, factors: { pkt: { tried: [1, 0.1], chosen: 0.1 } } },
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
/** From the same learning rate along half a cosine. */
const cifarFineTuning: Schedule = {
  epochs: 20,
  batchSize: 64,
  learningRate: 0.05,
  augment: true,
  sgd,
};

/** The sets of CIFAR-10's classes that the thesis removes, from truck on, and each class alone. */
const removedSets = [
  ...range(10).map((c) => [c]),
  [9, 7],
  [9, 7, 5],
  [9, 7, 5, 3],
  [9, 7, 5, 3, 1],
  [9, 7, 5, 3, 1, 0],
];
const rivals = { temperature: 8, labelSmoothing: 0.1, fixedLambda: 0.15 };
const fewShotGoals: readonly FewShotGoal[] = [
  { method: "kd", share: 0.05, atLeast: 2 },
  { method: "crd", share: 0.05 },
];

/** For 32×32 coloured images on a GPU: the thesis' protocol. */
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
  rivals: { ...rivals, epoch: 60 },
  probes: {
    fewImages: { share: 0.05, removed: [], kd: usual, drawn: 45_000, schedule: cifar },
    withoutClass: { share: 1, removed: [3], kd: usual, gaps: true, schedule: cifar },
  },
  fewShot: {
    kd: usual,
    crdUpTo: 1,
    shares: [0.01, 0.05, 0.1, 0.25, 0.5, 0.75].map((share) => ({ share, schedule: cifar })),
    drawn: 45_000,
    goals: fewShotGoals,
  },
  zeroShot: {
    kd: usual,
    lambda: 0.25,
    removed: removedSets,
    gaps: true,
    schedule: cifar,
    goals: { gain: 20, loss: 1, belowTeacher: 15 },
  },
  lengths: [0.25, 1],
  lambdas: [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5],
  fixedLambdas: [0, 0.05, 0.1, 0.15, 0.25, 0.35],
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

/** Schedules for two cores: a cosine instead of milestones, which suits few epochs. */
const onCores = (epochs: number, learningRate = 0.05): Schedule => ({
  epochs,
  batchSize: 64,
  learningRate,
  augment: true,
  sgd,
});
const plainTeacher = {
  network: "plain128",
  schedule: onCores(10),
  kept: [2, 10],
  epoch: 10,
} as const;
const plainFineTuning: Schedule = { ...onCores(2), warmUp: 0.1 };
/** 40,000 images once, and few images over and over: 625 steps. */
const plainStudent = onCores(1);

/** The methods of the thesis. */
const thesisMethods: readonly MethodName[] = [
  "kd",
  "at",
  "pkt",
  "sp",
  "cc",
  "rkd",
  "vid",
  "crd",
  "dkd",
  "review",
  "hsakd",
];

/** For 32×32 coloured images on two CPU cores: the thesis' protocol with plain networks and less time. */
const light: Recipe = {
  ...full,
  images: { train: 40_000, validation: 5000 },
  teacher: plainTeacher,
  fineTuning: plainFineTuning,
  lambda: 0.5,
  student: "plain64",
  rivals: { ...rivals, epoch: 2 },
  probes: {
    fewImages: { ...full.probes.fewImages, drawn: 40_000, schedule: plainStudent },
    withoutClass: { ...full.probes.withoutClass, schedule: plainStudent },
  },
  fewShot: {
    ...full.fewShot,
    crdUpTo: 0.05,
    shares: [0.01, 0.05, 0.1, 0.25].map((share) => ({ share, schedule: plainStudent })),
    drawn: 40_000,
  },
  zeroShot: { ...full.zeroShot, lambda: 0.5, schedule: plainStudent },
  lengths: [1, 5],
  lambdas: [0, 0.25, 0.5, 0.7, 1],
  fixedLambdas: [0, 0.15, 0.25, 0.35],
  regularizers: { ...full.regularizers, lambda: [0.1, 0.15, 0.2, 0.5] },
  maps: {
    ...full.maps,
    teacher: plainTeacher,
    fineTuning: plainFineTuning,
    lambda: 0.5,
    lambdas: [0, 0.5],
    student: "plain64",
    schedule: plainStudent,
    methods: thesisMethods,
    betterUnder: 9,
    weights: {
      epoch: 2,
      factors: {
        at: { tried: [1, 0.1], chosen: 0.1 },
        dkd: { tried: [1, 0.1], chosen: 0.1 },
      },
    },
    layer: "maps5",
  },
};

/** Without augmentation, a teacher becomes sure of its training images. */
const still = (epochs: number): Schedule => ({ epochs, batchSize: 64, learningRate: 0.05, sgd });
const sureTeacher = {
  network: "plain128",
  schedule: still(20),
  kept: [1, 2, 4, 8, 20],
  epoch: 20,
} as const;
const sureFineTuning: Schedule = { ...still(5), warmUp: 0.2 };
/** 2,512 steps. */
const stillStudent = still(16);

/** For 32×32 coloured images on two CPU cores: few enough of them that a small teacher becomes sure of them. */
const saturated: Recipe = {
  ...light,
  images: { train: 10_000, validation: 5000 },
  teacher: sureTeacher,
  fineTuning: sureFineTuning,
  rivals: { ...rivals, epoch: 4 },
  probes: {
    fewImages: { ...full.probes.fewImages, drawn: 10_000, schedule: stillStudent },
    withoutClass: { ...full.probes.withoutClass, schedule: stillStudent },
  },
  fewShot: {
    ...light.fewShot,
    shares: light.fewShot.shares.map(({ share }) => ({ share, schedule: stillStudent })),
    drawn: 10_000,
  },
  zeroShot: { ...light.zeroShot, schedule: stillStudent },
  lengths: [1],
  lambdas: [0, 0.25, 0.5],
  fixedLambdas: [0, 0.15, 0.25],
  maps: {
    ...light.maps,
    teacher: sureTeacher,
    fineTuning: sureFineTuning,
    lambdas: [],
    schedule: stillStudent,
  },
};

export const recipes = { small, tiny, light, saturated, full };

/** The recipe for images of a shape. */
export const recipeFor = ([, , channels]: Shape): Recipe => (channels === 1 ? small : light);

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
