import { readFileSync } from "node:fs";

/**
 * Reads a data file.
 *
 * @param source How to get the file.
 * @throws If the file cannot be read, naming it.
 */
export function readFile(path: string, source: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new Error(`data file ${path} is missing or cannot be read; ${source}`);
  }
}

/** Reads a data file of a known size in bytes. */
export function readFileOfSize(path: string, expected: number, source: string): Buffer {
  const file = readFile(path, source);
  if (file.length !== expected) {
    throw new Error(`data file ${path} must have ${expected} bytes, got ${file.length}`);
  }
  return file;
}
