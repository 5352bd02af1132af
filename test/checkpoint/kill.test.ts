import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { build } from "esbuild";
import seedrandom from "seedrandom";
import { afterAll, beforeAll, expect, test } from "vitest";
import { restoreCheckpoint } from "../../src/layers/index.ts";
import { remove, root, temporaryFolder } from "../package/support.ts";

const folder = temporaryFolder();
const random = seedrandom("kill");

beforeAll(async () => {
  await tf.setBackend("cpu");
  // One file each, which halves the start of a process.
  await build({
    entryPoints: ["train", "write"].map((name) => join(root, "test/checkpoint", `${name}.ts`)),
    bundle: true,
    platform: "node",
    mainFields: ["module", "main"], // a single copy of tfjs-core
    format: "esm",
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire("/");',
    },
  });
});

afterAll(() => remove(folder));

/** Runs a program, kills it some time after it printed some lines, and counts its lines. */
function start(program: string, file: string, kill = { lines: Number.POSITIVE_INFINITY, ms: 0 }) {
  return new Promise<{ lines: number; code: number | null }>((resolve, reject) => {
    const args = [join(folder, `${program}.mjs`), join(folder, file)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let [lines, errors] = [0, ""];
    child.stderr.on("data", (text) => {
      errors += text;
    });
    child.stdout.on("data", (text) => {
      const before = lines;
      lines += String(text).split("\n").length - 1;
      if (before < kill.lines && lines >= kill.lines) {
        setTimeout(() => child.kill("SIGKILL"), kill.ms);
      }
    });
    child.on("close", (code, signal) => {
      if (code === 0 || signal === "SIGKILL") resolve({ lines, code });
      else reject(new Error(errors));
    });
  });
}

test("a run killed repeatedly at random ends as an uninterrupted one", async () => {
  const whole = await start("train", "whole");
  expect(whole).toEqual({ lines: 60, code: 0 });
  let killed = 0;
  for (let done = false; !done; ) {
    // The first run has no checkpoint to resume from.
    const lines = killed === 0 ? 2 : 5 + Math.floor(10 * random());
    const { code } = await start("train", "killed", { lines, ms: 20 * random() });
    done = code === 0;
    if (!done) killed++;
  }
  expect(killed).toBeGreaterThanOrEqual(4);
  const [expected, got] = ["whole", "killed"].map((file) => readFileSync(join(folder, file)));
  expect(got!.equals(expected!)).toBe(true);
});

test("a write that is killed leaves the previous checkpoint", async () => {
  const temporary = join(folder, "written.tmp");
  // A leftover of a killed run has no effect, even if it is longer than the next checkpoint.
  writeFileSync(temporary, new Uint8Array(2 ** 24));
  let partial = 0;
  for (let run = 0; run < 5; run++) {
    await start("write", "written", { lines: 1, ms: 100 * random() });
    if (existsSync(temporary)) partial++;
    const bytes = readFileSync(join(folder, "written"));
    const { tensors, values } = restoreCheckpoint(bytes, { models: {} });
    const range = [tf.min(tensors.numbers!), tf.max(tensors.numbers!)];
    const found = await Promise.all(range.map((x) => x.array()));
    expect(found).toEqual([values.value, values.value]);
    expect([1, 2]).toContain(values.value);
  }
  expect(partial).toBeGreaterThan(0);
});
