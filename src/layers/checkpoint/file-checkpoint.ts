import type { CheckpointStore } from "./checkpoint-store.ts";

/** The part of node:fs/promises in use. Users in a browser do not have its types. */
interface Files {
  open(path: string, flags: "w"): Promise<FileHandle>;
  readFile(path: string): Promise<Uint8Array>;
  rename(from: string, to: string): Promise<void>;
}

interface FileHandle {
  writeFile(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** "node" in Node and compatible runtimes. Bundlers cannot evaluate it. */
const scheme = () =>
  (globalThis as { process?: { release?: { name?: string } } }).process?.release?.name;

/** Hides the module's name from bundlers for browsers, which fail at modules of Node. */
const filesOfNode = (): Promise<Files> =>
  import(/* @vite-ignore */ /* webpackIgnore: true */ `${scheme()}:fs/promises`);

/**
 * Keeps a checkpoint in a file, for Node, Bun and Deno.
 *
 * A write goes to `path + ".tmp"`, is flushed to the disk, and then replaces the file. A process that is
 * killed at any moment leaves either the previous checkpoint or the new one. The next write replaces a
 * leftover temporary file. Writes of one store are queued. Only one process at a time may use a path.
 *
 * @param path The file, in an existing folder.
 * @returns A store. Its promises reject with Node's errors, such as ENOENT or ENOSPC.
 * @throws In a browser; use {@link indexedDbCheckpoint} there.
 *
 * @example
 * ```ts
 * import { encodeCheckpoint, fileCheckpoint } from "kd-cmi/layers";
 *
 * const store = fileCheckpoint("teacher.checkpoint");
 * await store.write(await encodeCheckpoint({ models: {}, values: { epoch: 3 } }));
 * const bytes = await store.read(); // Uint8Array, or undefined if the file does not exist
 * ```
 */
export function fileCheckpoint(path: string): CheckpointStore {
  if (scheme() !== "node") {
    throw new Error("fileCheckpoint: must run in Node, got a browser: use indexedDbCheckpoint");
  }
  let last: Promise<void> = Promise.resolve();
  return {
    async read() {
      try {
        return await (await filesOfNode()).readFile(path);
      } catch (error) {
        if (Object(error).code === "ENOENT") return undefined;
        throw error;
      }
    },
    write(bytes) {
      last = last.catch(() => {}).then(() => replaceFile(path, bytes));
      return last;
    },
  };
}

async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const { open, rename } = await filesOfNode();
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
