import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Options of a bench. */
export interface BenchOptions {
  /** Words, with one of which a backend's name must begin. All backends by default. */
  settings?: readonly string[] | undefined;
  /** Words, with one of which a loss's name must begin. All losses by default. */
  losses?: readonly string[] | undefined;
  /** Names of networks. All by default. */
  networks?: readonly string[] | undefined;
  /** The Python whose PyTorch is measured. The first that has PyTorch by default. */
  python?: string | undefined;
  /** Takes each result as it comes. */
  write?: ((result: object) => void) | undefined;
}

/** Where and when a line was measured. */
export interface Origin {
  bench: string;
  machine: string;
  node: string;
  date: string;
}

/** Appends results to a file, as JSON, one a line, with machine and date. */
export function lineWriter(file: string, bench: string): (result: object) => void {
  const [cpu] = cpus();
  const origin: Origin = {
    bench,
    machine: `${cpus().length} × ${cpu?.model.trim() || "unknown CPU"}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
  return (result) => appendFileSync(file, `${JSON.stringify({ ...origin, ...result })}\n`);
}

/** The lines of a file. None if there is no such file. */
export function readLines<Result>(file: string): (Origin & Result)[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
