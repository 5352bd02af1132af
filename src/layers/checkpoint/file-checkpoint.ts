import { checkNode, readIfPresent, replaceFile } from "../node-files.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";

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
  checkNode("fileCheckpoint", "use indexedDbCheckpoint");
  let last: Promise<void> = Promise.resolve();
  return {
    read: () => readIfPresent(path),
    write(bytes) {
      last = last.catch(() => {}).then(() => replaceFile(path, bytes));
      return last;
    },
  };
}
