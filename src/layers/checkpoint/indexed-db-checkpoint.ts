import type { CheckpointStore } from "./file-checkpoint.ts";

const TABLE = "checkpoints";

/**
 * Keeps a checkpoint in the browser's IndexedDB, database "kd-cmi". A write is one transaction: a tab
 * that is closed at any moment leaves the checkpoint before or the one after.
 *
 * @param name Which checkpoint; pages of the same origin share it.
 * @returns A store. Its promises reject with what the browser says, such as QuotaExceededError.
 * @throws Where there is no IndexedDB, as in Node: {@link fileCheckpoint} is the store there.
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

/** The result of a request, when its transaction is on the disk. */
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
