import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { PoolOptions, PoolRunnerInitializer, PoolWorker } from "vitest/node";

/** After so many runs, a thread ends, and with it what failed tests left in its memory. */
const MAX_RUNS = 50;

interface KeptThread {
  worker: Worker;
  runs: number;
  /** Settles when the last run has stopped. The next one may start before that. */
  isFree: Promise<void>;
}

const threads = new Map<string, KeptThread>();

function newThread({ project, env, execArgv }: PoolOptions): KeptThread {
  const entry = fileURLToPath(new URL("./worker.mjs", import.meta.url));
  const worker = new Worker(entry, { env, execArgv, stdout: true, stderr: true });
  worker.unref();
  const thread = { worker, runs: 0, isFree: Promise.resolve() };
  threads.set(project.name, thread);
  worker.once("exit", () => {
    if (threads.get(project.name) === thread) threads.delete(project.name);
  });
  return thread;
}

async function freeThread(options: PoolOptions): Promise<KeptThread> {
  const { name } = options.project;
  await threads.get(name)?.isFree;
  const kept = threads.get(name);
  if (kept && kept.runs < MAX_RUNS) return kept;
  await kept?.worker.terminate();
  return newThread(options);
}

function createPoolWorker(options: PoolOptions): PoolWorker {
  let thread: KeptThread;
  let release = () => {};
  let isStopping = false;
  const listeners: Parameters<PoolWorker["on"]>[] = [];
  return {
    name: "kept-threads",
    on: (event, callback) => {
      listeners.push([event, callback]);
      thread.worker.on(event, callback);
    },
    off: (event, callback) => thread.worker.off(event, callback),
    send: (message) => {
      isStopping = "type" in message && message.type === "stop";
      thread.worker.postMessage(message);
    },
    deserialize: (data) => data,
    start: async () => {
      thread = await freeThread(options);
      thread.runs += 1;
      thread.isFree = new Promise((resolve) => {
        release = resolve;
      });
    },
    stop: async () => {
      for (const [event, callback] of listeners) thread.worker.off(event, callback);
      if (!isStopping) await thread.worker.terminate(); // a run that is broken off
      release();
    },
  };
}

/**
 * A pool of Vitest with one thread for each project, which stays for many runs: it loads TensorFlow.js
 * and the sources once. Vitest ends its own threads after each run, and the run for a mutant is short.
 */
export const keptThreads: PoolRunnerInitializer = { name: "kept-threads", createPoolWorker };
