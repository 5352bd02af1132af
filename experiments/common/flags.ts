import { type Command, InvalidArgumentError, Option } from "commander";

/** Parsers of option values. Each throws with the allowed values. */
export function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError("It must be an integer of at least 1.");
}

export function notNegative(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError("It must be a number of at least 0.");
}

export function classes(text: string): number[] {
  if (/^\d(,\d)*$/.test(text)) return [...new Set(text.split(",").map(Number))];
  throw new InvalidArgumentError("It must be one or more classes within 0–9, separated by commas.");
}

/** The option of a backend that runs in Node. */
export const backendOption = (): Option =>
  new Option("--backend <name>", "where to compute")
    .choices(["wasm", "cpu", "webgpu"])
    .default("wasm");

/** Parses a command line. After an error or `--help`, prints the help and exits with 2 or 0. */
export const parseOrExit = (command: Command, argv: readonly string[]): Command =>
  command
    .showHelpAfterError()
    .allowExcessArguments(false)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse(argv, { from: "user" });
