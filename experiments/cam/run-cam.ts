import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { type CamClusterReport, normalizeCam } from "kd-cmi";
import type { Progress } from "../common/jobs.ts";
import { type Dataset, pick } from "../data/images.ts";
import { type CamMethod, classMaps, mappedPlaces, scoreMaps } from "../pipeline/class-maps.ts";
import { teachersInFiles } from "../pipeline/file-teachers.ts";
import { fineTuned, type Plan } from "../pipeline/plan.ts";
import { runPlans } from "../pipeline/run-plans.ts";
import type { Schedule } from "../pipeline/schedule.ts";
import type { SeedJob } from "../pipeline/serve-seed.ts";
import type { Split } from "../pipeline/split.ts";
import { type TeacherStores, teachersInMemory } from "../pipeline/teacher-store.ts";
import { estimate } from "../pipeline/training.ts";
import type { CamOptions } from "./options.ts";

/** Two continuations of the same teacher of equal length, with λ = 0 and with MCMI. */
export const TEACHERS = ["control", "MCMI"] as const;
export type TeacherName = (typeof TEACHERS)[number];

/** The layer whose maps are explained: 7×7 positions, 64 channels. */
export const MAPS = "maps";

export interface Recipe {
  trainImages: number;
  validationImages: number;
  testImages: number;
  teacher: Schedule;
  fineTuning: Schedule;
  lambda: number;
  method: CamMethod;
  /** Images whose maps the report shows, by class. */
  shown: Record<number, number[]>;
}

/** The settings that options name, and those that have none. */
export const camRecipe = (
  { images, testImages, epochs, lambda, method }: CamOptions,
  shown: Recipe["shown"],
): Recipe => ({
  trainImages: images,
  validationImages: 1000,
  testImages,
  teacher: { epochs, batchSize: 64, learningRate: 2e-3 },
  fineTuning: { epochs: Math.ceil(epochs / 2), batchSize: 64, learningRate: 1e-3 },
  lambda,
  method,
  shown,
});

export interface CamJob extends SeedJob {
  recipe: Recipe;
  /** Where the fine-tuned teachers are kept. */
  folder: string;
  /** Load them from there if they exist. */
  reuse: boolean;
}

export interface TeacherResult {
  /** On the test images, 0–1. */
  accuracy: number;
  /** CMI of the output on training and on test images, nats. */
  cmi: { train: number; test: number };
  /** Scores of the maps of all test images. */
  maps: CamClusterReport;
  /** The maps of the images that the report shows, 0–1, by class: [images][7][7]. */
  shown: Record<number, number[][][]>;
}

export interface SeedResult {
  seed: number;
  teachers: Record<TeacherName, TeacherResult>;
}

/** The data set with the test images that are mapped. */
export const withMappedImages = (data: Dataset, count: number): Dataset => ({
  ...data,
  test: pick(data.test, mappedPlaces(data.test, count)),
});

/** Trains or loads the two teachers of a seed, and maps the test images with both. */
export async function runCam(
  { backend, recipe, seed, folder, reuse }: CamJob,
  data: Dataset,
  onProgress: (progress: Progress) => void,
): Promise<SeedResult> {
  const [control, MCMI] = await runPlans<void, TeacherResult>(
    {
      data: withMappedImages(data, recipe.testImages),
      seed,
      plans: TEACHERS.map((name) => planOf(recipe, name)),
      backend,
      stores: keptTeachers(folder, reuse),
    },
    {
      evaluateTeacher: async () => {},
      evaluateRun: ({ teacher, images }) => measureTeacher(teacher.model, images, recipe),
    },
    onProgress,
  );
  return { seed, teachers: { control: control!, MCMI: MCMI! } };
}

export function planOf(recipe: Recipe, name: TeacherName): Plan {
  const { trainImages, validationImages, teacher, fineTuning, lambda } = recipe;
  const { epochs } = teacher;
  const start = { network: "cnn-cam", schedule: teacher, kept: [epochs], epoch: epochs } as const;
  return {
    images: { train: trainImages, validation: validationImages },
    teacher: fineTuned(start, fineTuning, { lambda: name === "MCMI" ? lambda : 0 }),
  };
}

/** Keeps the fine-tuned teachers in files. Those of an earlier run are read only for reuse. */
function keptTeachers(folder: string, reuse: boolean): TeacherStores {
  const inMemory = teachersInMemory();
  const inFiles = teachersInFiles(({ plan, seed }) => {
    const name: TeacherName = plan.fineTuning?.regularizer.lambda === 0 ? "control" : "MCMI";
    return join(folder, `${name}-${seed}.checkpoint`);
  });
  return (settings) => {
    const memory = inMemory(settings);
    if (!settings.plan.fineTuning) return memory;
    const file = inFiles(settings);
    return {
      name: file.name,
      read: async () => (await memory.read()) ?? (reuse ? file.read() : undefined),
      async write(bytes) {
        await memory.write(bytes);
        await file.write(bytes);
      },
    };
  };
}

/** Accuracy and CMI of a teacher, and its maps of the test images. */
async function measureTeacher(
  model: tfl.LayersModel,
  { train, test }: Split,
  { method, shown }: Recipe,
): Promise<TeacherResult> {
  const maps = classMaps(model, MAPS, method);
  const shownMaps: TeacherResult["shown"] = {};
  for (const [label, places] of Object.entries(shown)) {
    const cams = tf.tidy(() => normalizeCam(maps(test, places)));
    shownMaps[Number(label)] = (await cams.array()) as number[][][];
    cams.dispose();
  }
  const onTest = await estimate(model, test);
  const onTrain = await estimate(model, train);
  return {
    accuracy: onTest.accuracy,
    cmi: { train: onTrain.cmi, test: onTest.cmi },
    maps: await scoreMaps(model, MAPS, method, test),
    shown: shownMaps,
  };
}
