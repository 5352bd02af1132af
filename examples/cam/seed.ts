import { existsSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import {
  CamClusterEstimator,
  type CamClusterReport,
  eigenCam,
  gradCam,
  normalizeCam,
} from "kd-cmi";
import { extractActivations } from "kd-cmi/layers";
import { loadModel, saveModel } from "../common/files.ts";
import type { Progress } from "../common/jobs.ts";
import type { Schedule } from "../common/optimizer.ts";
import { trainTeacher } from "../common/teacher.ts";
import { estimate } from "../common/training.ts";
import { type Dataset, type Images, pick, toInputs, toLabels } from "../data/images.ts";
import { batches, range, shuffled } from "../data/order.ts";
import { camNetwork, MAPS } from "./network.ts";

/** Both continue the same teacher for as many steps, with λ = 0 and with MCMI. */
export const TEACHERS = ["control", "MCMI"] as const;
export type TeacherName = (typeof TEACHERS)[number];

export const METHODS = ["eigen", "grad"] as const;
export type Method = (typeof METHODS)[number];

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

/** Images that are mapped at once. */
const PASS = 500;

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
  const maps = mapper(model, method);
  const estimator = new CamClusterEstimator({ numClasses: 10 });
  const order = shuffled(range(images.labels.length), "maps");
  for (const places of batches(order, PASS)) {
    let counted = Promise.resolve();
    tf.tidy(() => {
      const labels = toLabels(images, places);
      const cams = normalizeCam(maps(toInputs(images, places), labels), { to: "distribution" });
      counted = estimator.update(labels, cams);
    });
    await counted;
  }
  const pictures: TeacherResult["shown"] = {};
  for (const [label, places] of Object.entries(shown)) {
    const cams = tf.tidy(() =>
      normalizeCam(maps(toInputs(images, places), toLabels(images, places))),
    );
    pictures[Number(label)] = (await cams.array()) as number[][][];
    cams.dispose();
  }
  const { accuracy, cmi: test } = await estimate(model, images);
  const { cmi: trained } = await estimate(model, train);
  const cmi = { train: trained, test };
  return { accuracy, cmi, maps: await estimator.result(), shown: pictures };
}

/** [N, 784] and labels → [N, 7, 7], by one of the methods. */
function mapper(model: tfl.LayersModel, method: Method) {
  const { toActivations, toLogits } = extractActivations(model, MAPS);
  return (inputs: tf.Tensor, labels: tf.Tensor): tf.Tensor3D => {
    const activations = toActivations(inputs);
    if (method === "eigen") return eigenCam(activations);
    return gradCam(activations, toLogits, labels);
  };
}
