import { fork } from "node:child_process";
import type { Progress, Run } from "./jobs.ts";

type Message<Result, Report> = { progress: Report } | { result: Result } | { error: string };

/**
 * Runs each job in its own process, since tfjs computes in one thread on wasm and cpu.
 *
 * @param entry A module that calls {@link serveJob}.
 */
export const inChildProcess =
  <Job extends { seed: number }, Result, Report extends Progress = Progress>(
    entry: URL,
  ): Run<Job, Result, Report> =>
  (job, onProgress) =>
    new Promise((resolve, reject) => {
      const child = fork(entry, { execArgv: ["--import", "tsx"], serialization: "advanced" });
      child.on("message", (message: Message<Result, Report>) => {
        if ("progress" in message) return onProgress(message.progress);
        if ("error" in message) reject(new Error(`seed ${job.seed} ended early: ${message.error}`));
        else resolve(message.result);
        child.disconnect();
      });
      child.on("error", reject);
      child.on("exit", (code) =>
        reject(new Error(`seed ${job.seed} ended early, exit code ${code}`)),
      );
      child.send(job as object);
    });

/** The other end of {@link inChildProcess}: waits for the job and sends its progress and result. */
export function serveJob<Job, Result, Report extends Progress = Progress>(
  run: Run<Job, Result, Report>,
): void {
  process.once("disconnect", () => process.exit());
  process.once("message", async (job: Job) => {
    try {
      const result = await run(job, (progress) => process.send!({ progress }));
      process.send!({ result });
    } catch (error) {
      process.send!({ error: (error as Error).message });
    }
  });
}
