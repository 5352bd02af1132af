import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { Progress } from "../../../experiments/common/jobs.ts";
import { estimateOf, format, pairedDifference } from "../../../experiments/common/statistics.ts";
import { loadMnist } from "../../../experiments/data/load.ts";
import type { Job } from "../../../experiments/demo/job.ts";
import { readOptions } from "../../../experiments/demo/options.ts";
import { type Recipe, recipes } from "../../../experiments/demo/recipe.ts";
import { writeReport } from "../../../experiments/demo/report.ts";
import { runInBrowser } from "../../../experiments/demo/run-in-browser.ts";
import { runInChild } from "../../../experiments/demo/run-in-child.ts";
import { printTable, summarize } from "../../../experiments/demo/summary.ts";

const work = mkdtempSync(join(tmpdir(), "kd-cmi-demo-"));
afterAll(() => rmSync(work, { recursive: true }));

const tiny: Recipe = {
  ...recipes.quick,
  trainImages: 400,
  validationImages: 100,
  evaluate: "validation",
  teacher: { epochs: 4, batchSize: 20, learningRate: 2e-3 },
  fineTuning: { epochs: 2, batchSize: 20, learningRate: 1e-3 },
  shares: [0.5],
  fewShot: { epochs: 2, batchSize: 20, learningRate: 1e-3 },
  zeroShotImages: 300,
  zeroShot: { epochs: 2, batchSize: 20, learningRate: 1e-3 },
};
const job: Job = { backend: "wasm", data: loadMnist(), recipe: tiny, seed: 1 };

describe("a seed's work", () => {
  test("is the same each time, and ends in a report", async () => {
    const progress: Progress[] = [];
    const [result, again] = await Promise.all([
      runInChild(job, (p) => progress.push(p)),
      runInChild(job, () => {}),
    ]);
    expect(again).toEqual(result);
    expect(progress.at(-1)!.done).toBeCloseTo(1, 5);

    const { CE, control, MCMI } = result.teachers;
    expect(CE.accuracy).toBeGreaterThan(0.6);
    expect(CE.history).toHaveLength(5);
    expect(control.history.slice(0, 5)).toEqual(CE.history);
    expect(control.history).toHaveLength(7);
    expect(MCMI.cmi).toBeGreaterThan(control.cmi);
    const [zeroShot] = control.zeroShot;
    expect(zeroShot!.removed).toBe(3);
    expect(zeroShot!.confusion.flat().reduce((a, b) => a + b)).toBe(100);

    const rows = summarize([result, again], tiny, job.data.classNames);
    expect(printTable(rows)).toContain("Student without 3");
    const options = {
      backend: "wasm",
      dataset: "mnist",
      out: work,
      seeds: 2,
      recipe: tiny,
    } as const;
    const path = writeReport({
      options,
      data: job.data,
      results: [result, again],
      rows,
      seconds: 1,
    });
    const html = readFileSync(path, "utf8");
    expect(html.match(/<img [^>]*src="data:image\/svg\+xml/g)).toHaveLength(5);
    expect(html).not.toMatch(/(src|href)="(?!data:)/); // self-contained
    expect(html).not.toContain("NaN");
    expect(readdirSync(work).filter((name) => name.endsWith(".part"))).toEqual([]);
    expect(JSON.parse(readFileSync(join(work, "results.json"), "utf8")).results).toEqual([
      result,
      again,
    ]);
  });

  test("runs in a page on webgl", async () => {
    const progress: Progress[] = [];
    const recipe = { ...tiny, trainImages: 100, zeroShotImages: 80 };
    const result = await runInBrowser({ ...job, backend: "webgl", recipe }, (p) =>
      progress.push(p),
    );
    expect(result.teachers.MCMI.history).toHaveLength(7);
    expect(progress.at(-1)!.done).toBeCloseTo(1, 5);
  });

  test("that fails is reported", async () => {
    const run = runInChild({ ...job, backend: "none" }, () => {});
    await expect(run).rejects.toThrow("seed 1 ended early");
  });

  test("stops on a label that names no class", async () => {
    const train = { ...job.data.train, labels: new Uint8Array(60_000).fill(10) };
    const run = runInChild({ ...job, data: { ...job.data, train } }, () => {});
    await expect(run).rejects.toThrow("seed 1 ended early");
  });
});

describe("statistics", () => {
  test("mean, standard error and paired difference", () => {
    const { mean, error } = estimateOf([1, 2, 3, 6]);
    expect(mean).toBe(3);
    expect(error).toBeCloseTo(Math.sqrt(14 / 3) / 2, 12);
    expect(pairedDifference([3, 5], [1, 3])).toEqual({ mean: 2, error: 0 });
    expect(estimateOf([4])).toEqual({ mean: 4, error: undefined });
    expect(format({ mean: 1.234, error: 0.5 }, 2, true)).toBe("+1.23 ± 0.50");
    expect(format({ mean: -1.234, error: undefined }, 1, true)).toBe("-1.2");
  });
});

describe("the command line", () => {
  const command = ["--import", "tsx", "experiments/demo/main.ts"];
  const demo = (...args: string[]) =>
    spawnSync(process.execPath, [...command, ...args], { encoding: "utf8" });

  test("--help lists the flags", () => {
    const { status, stdout } = demo("--help");
    expect(status).toBe(0);
    for (const flag of ["backend", "seeds", "lambda", "epochs", "dataset", "quick"]) {
      expect(stdout).toContain(`--${flag}`);
    }
  });

  test("an unknown flag prints those that there are and exits 2", () => {
    const { status, stderr } = demo("--nonsense");
    expect(stderr).toMatch(/unknown option '--nonsense'[\s\S]*--backend/);
    expect(status).toBe(2);
  });

  test.each([
    [["--dataset", "cifar"], /Allowed choices are mnist, fashion/],
    [["--backend", "cuda"], /Allowed choices are wasm, cpu, webgpu, webgl/],
    [["--seeds", "0"], /integer of at least 1/],
    [["--lambda", "-1"], /number of at least 0/],
    [["--remove", "12"], /classes within 0–9/],
    [["stray"], /too many arguments/],
  ])("%s prints what is allowed and exits 2", (args, message) => {
    const print = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const exit = vi.spyOn(process, "exit").mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    try {
      expect(() => readOptions(args)).toThrow("exit 2");
      expect(print.mock.calls.join("\n")).toMatch(message);
    } finally {
      print.mockRestore();
      exit.mockRestore();
    }
  });

  test("Ctrl-C writes nothing", async () => {
    const out = join(work, "stopped");
    const child = spawn(process.execPath, [...command, "--quick", "--out", out]);
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
      if (!child.killed && /seed \d: \d+ %/.test(said)) child.kill("SIGINT");
    });
    const [code] = await once(child, "exit");
    expect(code).toBe(130);
    expect(said).toContain("nothing was written");
    expect(existsSync(out)).toBe(false);
  });
});
