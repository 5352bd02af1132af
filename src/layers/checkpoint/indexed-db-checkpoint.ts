import type { CheckpointStore } from "./checkpoint-store.ts";

const TABLE = "checkpoints";

/**
 * Keeps a checkpoint in the browser's IndexedDB, database "kd-cmi". A write is one transaction. A tab
 * that is closed at any moment leaves either the previous checkpoint or the new one.
 *
 * @param name Name of the checkpoint, shared by pages of the same origin.
 * @returns A store. Its promises reject with the browser's errors, such as QuotaExceededError.
 * @throws If there is no IndexedDB, as in Node; use {@link fileCheckpoint} there.
 *
 * @example
 * ```ts
 * import { fileCheckpoint, indexedDbCheckpoint } from "kd-cmi/layers";
 *
 * const isBrowser = typeof indexedDB !== "undefined";
 * const store = isBrowser ? indexedDbCheckpoint("teacher") : fileCheckpoint("teacher.checkpoint");
 * ```
 */
export function indexedDbCheckpoint(name: string): CheckpointStore {
  if (typeof indexedDB === "undefined") {
    throw new Error("indexedDbCheckpoint: needs IndexedDB, got none: use fileCheckpoint in Node");
  }
  return {
    read: () => transact("readonly", (table) => table.get(name)),
    write: async (bytes) => {
      await transact("readwrite", (table) => table.put(bytes, name));
    },
  };
}

/** The result of a request after its transaction has been written to the disk. */
async function transact<T>(
  mode: IDBTransactionMode,
  request: (table: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = indexedDB.open("kd-cmi", 1);
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  try {
    const transaction = database.transaction(TABLE, mode, { durability: "strict" });
    const made = request(transaction.objectStore(TABLE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    return made.result;
  } finally {
    database.close();
  }
}
