import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Debian's Python, for which python3-torch is installed. */
const PYTHON = "/usr/bin/python3";

/**
 * Without these limits, glibc returns large tensors to the system at once, and PyTorch spends up to
 * 30 times its own time on page faults.
 */
const ENVIRONMENT = {
  MALLOC_MMAP_THRESHOLD_: `${2 ** 32}`,
  MALLOC_TRIM_THRESHOLD_: `${2 ** 34}`,
  OMP_NUM_THREADS: "1",
};

let found: boolean | undefined;

/** Whether PyTorch can be imported. This takes seconds, so it is tried only once. */
export function hasTorch(): boolean {
  found ??= spawnSync(PYTHON, ["-c", "import torch"]).status === 0;
  return found;
}

/** Starts a PyTorch process that computes a loss and its gradients on request. */
export function startPeer(script: string) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(PYTHON, [path], {
    env: { ...process.env, ...ENVIRONMENT },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** The value of the loss. */
    async step(): Promise<number> {
      child.stdin.write("\n");
      const { value: line, done } = await lines.next();
      if (done) throw new Error(`bench peers: ${script} ended without a result`);
      return JSON.parse(line).value;
    },
    async stop() {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}
