import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeWhole } from "./common/files.ts";
import type { Outcome, Plan } from "./plan.ts";

/** A line of a results file: one run. */
export interface Result {
  /** Of kd-cmi. */
  version: string;
  backend: string;
  dataset: string;
  seed: number;
  plan: Plan;
  outcome: Outcome;
  seconds: number;
}

/** Runs with the same key have the same outcome. */
export const keyOf = ({
  backend,
  dataset,
  seed,
  plan,
}: Pick<Result, "backend" | "dataset" | "seed" | "plan">): string =>
  JSON.stringify([backend, dataset, seed, plan]);

export function appendResult(path: string, result: Result): void {
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, `${JSON.stringify(result)}\n`);
}

/**
 * Takes a last line out of a file that was not written to its end, as by a crash.
 *
 * @returns What was done, if anything.
 */
export function repairResults(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length === text.length) return undefined;
  writeWhole(path, whole);
  const lost = text.length - whole.length;
  return `${path}: took out the last line, which a crash has cut at ${lost} characters`;
}

/**
 * All runs in a file; none if there is no file.
 *
 * @throws If a line is no JSON or was not written to its end, naming it.
 */
export function readResults(path: string): Result[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.flatMap((line, i) => {
    const isEnd = i === lines.length - 1 && line === "";
    return isEnd ? [] : [parseLine(line, `${path}, line ${i + 1}`)];
  });
}

function parseLine(line: string, where: string): Result {
  try {
    return JSON.parse(line) as Result;
  } catch (error) {
    throw new Error(`results file ${where} is no JSON: ${(error as Error).message}`);
  }
}
