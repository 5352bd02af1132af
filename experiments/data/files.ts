import { readFileSync } from "node:fs";

/**
 * The bytes of a data file.
 *
 * @param source What to do to get it.
 * @throws If the file cannot be read, naming it.
 */
export function readFile(path: string, source: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw new Error(`data file ${path} is missing or cannot be read; ${source}`);
  }
}

/** The same for a file of a known size in bytes. */
export function readFileOfSize(path: string, expected: number, source: string): Buffer {
  const file = readFile(path, source);
  if (file.length !== expected) {
    throw new Error(`data file ${path} must have ${expected} bytes, found ${file.length}`);
  }
  return file;
}
