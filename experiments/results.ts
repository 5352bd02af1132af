import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeWhole } from "./common/files.ts";
import type { Outcome } from "./evaluate.ts";
import type { Plan } from "./pipeline/plan.ts";

/** A run: one line of a results file. */
export interface Result {
  /** The version of kd-cmi. */
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
 * Removes an incomplete last line, which a crash leaves behind, from a file.
 *
 * @returns A message if a line was removed.
 */
export async function repairResults(path: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  const complete = text.slice(0, text.lastIndexOf("\n") + 1);
  if (complete.length === text.length) return undefined;
  await writeWhole(path, complete);
  const lost = text.length - complete.length;
  return `${path}: removed the last line, which a crash truncated at ${lost} characters`;
}

/**
 * All runs in a file, or none if the file does not exist.
 *
 * @throws If a line is incomplete or not JSON, naming it.
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
    throw new Error(`results file ${where} is not JSON: ${(error as Error).message}`);
  }
}
