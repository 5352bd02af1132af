import { fork } from "node:child_process";
import type { RunJob } from "./job.ts";
import type { Progress, SeedResult } from "./seed.ts";

type Message = { progress: Progress; result?: never } | { progress?: never; result: SeedResult };

/** Does a job in a process of its own, since tfjs computes in one thread on wasm and cpu. */
export const runInChild: RunJob = (job, onProgress) =>
  new Promise((resolve, reject) => {
    const child = fork(new URL("child.ts", import.meta.url), {
      execArgv: ["--import", "tsx"],
      serialization: "advanced",
    });
    child.on("message", ({ progress, result }: Message) => {
      if (progress) return onProgress(progress);
      resolve(result);
      child.disconnect();
    });
    child.on("error", reject);
    child.on("exit", (code) =>
      reject(new Error(`seed ${job.seed} ended early, exit code ${code}`)),
    );
    child.send(job);
  });
