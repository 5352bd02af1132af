/** Entry of a page: does one job on a backend of the browser. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgl";
import type { Progress } from "../common/jobs.ts";
import { type Dataset, GREY, type Images } from "../data/images.ts";
import type { Job } from "./job.ts";
import { runSeed, type SeedResult } from "./seed.ts";

export type PageJob = Omit<Job, "data"> & Pick<Dataset, "name" | "classNames">;

declare global {
  var doJob: (job: PageJob) => Promise<SeedResult>;
  var onProgress: (progress: Progress) => Promise<void>;
}

const bytes = async (path: string) => new Uint8Array(await (await fetch(path)).arrayBuffer());
const images = async (part: "train" | "test"): Promise<Images> => ({
  pixels: await bytes(`${part}-pixels`),
  labels: await bytes(`${part}-labels`),
  shape: GREY,
});

globalThis.doJob = async ({ backend, recipe, seed, name, classNames }) => {
  if (!(await tf.setBackend(backend))) throw new Error(`backend ${backend} did not start`);
  const data = { name, classNames, train: await images("train"), test: await images("test") };
  return runSeed(data, recipe, seed, onProgress);
};
