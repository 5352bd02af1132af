import { InvalidArgumentError } from "commander";

/** Values of flags, each read from its text or refused with what is allowed. */
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
