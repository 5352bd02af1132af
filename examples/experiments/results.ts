import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeWhole } from "../common/files.ts";
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
 * All runs in a file; none if there is no file. A last line that was not written to its end, as by a
 * crash, is taken out of the file.
 *
 * @param onRepair Told what was taken out.
 * @throws If another line is no JSON, naming it.
 */
export function readResults(path: string, onRepair: (what: string) => void): Result[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) {
    onRepair(`${path}: took out the last line, which a crash has cut at ${text.length - whole.length} characters`); // biome-ignore format: one line
    writeWhole(path, whole);
  }
  return whole
    .split("\n")
    .slice(0, -1)
    .map((line, i) => parseLine(line, `${path}, line ${i + 1}`));
}

function parseLine(line: string, where: string): Result {
  try {
    return JSON.parse(line) as Result;
  } catch (error) {
    throw new Error(`results file ${where} is no JSON: ${(error as Error).message}`);
  }
}
