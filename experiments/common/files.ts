import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileCheckpoint } from "kd-cmi/layers";

/** Writes a file completely or not at all, and creates its folder if it is missing. */
export async function writeWhole(path: string, contents: string | Uint8Array): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await fileCheckpoint(path).write(typeof contents === "string" ? Buffer.from(contents) : contents);
}
