import { existsSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { type CamClusterReport, normalizeCam } from "kd-cmi";
import { loadModel, saveModel } from "../common/files.ts";
import type { Progress } from "../common/jobs.ts";
import { type Method, mapper, scoreMaps } from "../common/maps.ts";
import type { Schedule } from "../common/optimizer.ts";
import { trainTeacher } from "../common/teacher.ts";
import { estimate } from "../common/training.ts";
import { type Dataset, type Images, pick } from "../data/images.ts";
import { range, shuffled } from "../data/order.ts";
import { camNetwork, MAPS } from "./network.ts";

/** Both continue the same teacher for as many steps, with λ = 0 and with MCMI. */
export const TEACHERS = ["control", "MCMI"] as const;
export type TeacherName = (typeof TEACHERS)[number];

export interface Recipe {
  trainImages: number;
  validationImages: number;
  teacher: Schedule;
  fineTuning: Schedule;
  lambda: number;
  method: Method;
  /** Images whose maps the report shows, by class. */
  shown: Record<number, number[]>;
}

export interface Job {
  backend: string;
  data: Dataset;
  recipe: Recipe;
  seed: number;
  /** Where the teachers are kept. */
  folder: string;
  /** Take them from there if they are. */
  reuse: boolean;
}

export interface TeacherResult {
  /** On the test images, 0–1. */
  accuracy: number;
  /** Of the output, on training and on test images; nats. */
  cmi: { train: number; test: number };
  /** Of the maps of all test images. */
  maps: CamClusterReport;
  /** The maps of the images that are shown, 0–1, by class: [images][7][7]. */
  shown: Record<number, number[][][]>;
}

export interface SeedResult {
  seed: number;
  teachers: Record<TeacherName, TeacherResult>;
}

/** Trains or loads the two teachers of a seed, and maps all test images by both. */
export async function runSeed(
  { data, recipe, seed, folder, reuse }: Job,
  onProgress: (progress: Progress) => void,
): Promise<SeedResult> {
  const places = shuffled(range(data.train.labels.length), `split ${seed}`);
  const { trainImages, validationImages, teacher, fineTuning } = recipe;
  const train = pick(data.train, places.slice(validationImages, validationImages + trainImages));
  const images = {
    train,
    sample: pick(train, range(Math.min(1000, trainImages))),
    validation: pick(data.train, places.slice(0, validationImages)),
  };
  const epochs = teacher.epochs + TEACHERS.length * fineTuning.epochs;
  let done = 0;
  const advance = (label: string) => onProgress({ done: ++done / (epochs + 1), label });

  const file = (name: TeacherName) => join(folder, `${name}-${seed}.json`);
  const { method, shown, ...training } = recipe;
  const settings = (name: TeacherName) => ({ ...training, data: data.name, seed, name });
  const networks: Partial<Record<TeacherName, tfl.LayersModel>> = {};
  if (reuse && TEACHERS.every((name) => existsSync(file(name)))) {
    for (const name of TEACHERS) networks[name] = await loadModel(file(name), settings(name));
    done = epochs;
  } else {
    const start = camNetwork(seed);
    await trainTeacher(start, images, teacher, 0, `CE ${seed}`, (epoch) =>
      advance(`teacher, epoch ${epoch}`),
    );
    for (const name of TEACHERS) {
      const network = camNetwork(seed);
      network.setWeights(start.getWeights());
      const lambda = name === "MCMI" ? recipe.lambda : 0;
      await trainTeacher(network, images, fineTuning, lambda, `fine-tuning ${seed}`, (epoch) =>
        advance(`${name}, epoch ${epoch}`),
      );
      await saveModel(network, file(name), settings(name));
      networks[name] = network;
    }
  }
  const teachers = {
    control: await look(networks.control!, images.train, data.test, recipe),
    MCMI: await look(networks.MCMI!, images.train, data.test, recipe),
  };
  advance("maps");
  return { seed, teachers };
}

/** What a teacher's maps of the test images look like and how they differ within a class. */
async function look(
  model: tfl.LayersModel,
  train: Images,
  images: Images,
  { method, shown }: Recipe,
): Promise<TeacherResult> {
  const maps = mapper(model, MAPS, method);
  const pictures: TeacherResult["shown"] = {};
  for (const [label, places] of Object.entries(shown)) {
    const cams = tf.tidy(() => normalizeCam(maps(images, places)));
    pictures[Number(label)] = (await cams.array()) as number[][][];
    cams.dispose();
  }
  const { accuracy, cmi: test } = await estimate(model, images);
  const { cmi: trained } = await estimate(model, train);
  const cmi = { train: trained, test };
  const scores = await scoreMaps(model, MAPS, method, images);
  return { accuracy, cmi, maps: scores, shown: pictures };
}
