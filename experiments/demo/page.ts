/** Entry of a page: runs a seed of the demo on a backend of the browser. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgl";
import type { Progress } from "../common/jobs.ts";
import { type Dataset, GREY, type Images } from "../data/images.ts";
import { type DemoJob, runDemo, type SeedResult } from "./run-demo.ts";

export type PageJob = DemoJob & Pick<Dataset, "name" | "classNames">;

declare global {
  var runJob: (job: PageJob) => Promise<SeedResult>;
  var onProgress: (progress: Progress) => Promise<void>;
}

const bytes = async (path: string) => new Uint8Array(await (await fetch(path)).arrayBuffer());
const images = async (part: "train" | "test"): Promise<Images> => ({
  pixels: await bytes(`${part}-pixels`),
  labels: await bytes(`${part}-labels`),
  shape: GREY,
});

globalThis.runJob = async ({ name, classNames, ...job }) => {
  if (!(await tf.setBackend(job.backend))) throw new Error(`backend ${job.backend} did not start`);
  const data = { name, classNames, train: await images("train"), test: await images("test") };
  return runDemo(job, data, onProgress);
};
