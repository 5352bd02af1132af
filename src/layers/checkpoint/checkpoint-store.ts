/** Storage of one checkpoint. */
export interface CheckpointStore {
  /** The last checkpoint that was written completely; undefined before the first. */
  read(): Promise<Uint8Array | undefined>;
  /** Replaces the checkpoint atomically. */
  write(bytes: Uint8Array): Promise<void>;
}
