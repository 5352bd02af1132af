import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Times } from "../measure.ts";

/** The usual Python, and Debian's, for which python3-torch is installed. */
const PYTHONS = ["python3", "/usr/bin/python3"];

const ONE_THREAD = { OMP_NUM_THREADS: "1" };

/**
 * Without these limits, glibc returns large tensors to the system at once, and PyTorch spends up to
 * 30 times its own time on page faults.
 */
const TUNED = {
  ...ONE_THREAD,
  MALLOC_MMAP_THRESHOLD_: `${2 ** 32}`,
  MALLOC_TRIM_THRESHOLD_: `${2 ** 34}`,
};

const found = new Map<string | undefined, string | undefined>();

/**
 * A Python that imports PyTorch, or none. To try takes seconds, so each is tried only once.
 *
 * @param wanted Its command. The usual ones by default.
 */
export function pythonWithTorch(wanted?: string): string | undefined {
  if (!found.has(wanted)) {
    const commands = wanted === undefined ? PYTHONS : [wanted];
    const hasTorch = (python: string) => spawnSync(python, ["-c", "import torch"]).status === 0;
    const python = commands.find(hasTorch);
    if (wanted !== undefined && !python) throw new Error(`bench: ${wanted} cannot import torch`);
    if (!python) {
      console.log(
        "PyTorch is absent. Install it, such as by apt install python3-torch libopenblas0-pthread, " +
          "or pass --python <command>.",
      );
    }
    found.set(wanted, python);
  }
  return found.get(wanted);
}

/** What a peer prints about itself. */
interface About {
  /** The version of PyTorch. */
  version: string;
  /** The number of parameters of its network, if it trains one. */
  parameters?: number;
}

/**
 * Starts a PyTorch process that computes steps on request.
 *
 * @param script A file of bench/peers, and its arguments.
 * @param tuned Whether glibc keeps freed memory.
 */
export async function startPeer(python: string, script: readonly string[], { tuned = true } = {}) {
  const child = spawn(python, [pathOf(script[0]!), ...script.slice(1)], {
    env: { ...process.env, ...(tuned ? TUNED : ONE_THREAD) },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value: line, done } = await lines.next();
    if (done) throw new Error(`bench: ${script.join(" ")} ended without a result`);
    return JSON.parse(line);
  };
  return {
    about: (await next()) as About,
    /** The value of the loss, and the times of the step. */
    async step(): Promise<Times & { value: number }> {
      const start = performance.now();
      child.stdin.write("\n");
      const result = await next();
      return { ...result, wall: performance.now() - start };
    },
    async stop() {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}

/** The path of a script, which `npm run bench:pack` copies beside the code. */
function pathOf(script: string): string {
  const [here, packed] = [script, `peers/${script}`].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return existsSync(here!) ? here! : packed!;
}
