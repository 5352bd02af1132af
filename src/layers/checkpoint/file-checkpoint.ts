/** Where a checkpoint is kept. */
export interface CheckpointStore {
  /** The last checkpoint that was written as a whole; undefined before the first. */
  read(): Promise<Uint8Array | undefined>;
  /** Replaces the checkpoint, at once or not at all. */
  write(bytes: Uint8Array): Promise<void>;
}

/** What is needed of node:fs/promises, whose types a user in a browser does not have. */
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

/** "node" in Node and in all that stands in for it; bundlers do not know it. */
const scheme = () =>
  (globalThis as { process?: { release?: { name?: string } } }).process?.release?.name;

/** Under a name that no bundler for browsers can see, since they stop at modules of Node. */
const filesOfNode = (): Promise<Files> =>
  import(/* @vite-ignore */ /* webpackIgnore: true */ `${scheme()}:fs/promises`);

/**
 * Keeps a checkpoint in a file, for Node, Bun and Deno.
 *
 * A write goes to `path + ".tmp"`, is flushed to the disk, and then takes the place of the file, so
 * that a process that is killed at any moment leaves the checkpoint before or the one after. What it
 * leaves of the temporary file, the next write replaces. Writes of one store queue up; a path
 * belongs to one process at a time.
 *
 * @param path The file, in a folder that exists.
 * @returns A store. Its promises reject with what Node says of the file, such as ENOENT or ENOSPC.
 * @throws In a browser, where {@link indexedDbCheckpoint} is the store.
 *
 * @example
 * ```ts
 * import { encodeCheckpoint, fileCheckpoint } from "kd-cmi/layers";
 *
 * const store = fileCheckpoint("teacher.checkpoint");
 * await store.write(await encodeCheckpoint({ models: {}, values: { epoch: 3 } }));
 * const bytes = await store.read(); // Uint8Array, or undefined where there is no such file
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
        if ((error as { code?: string }).code === "ENOENT") return undefined;
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
