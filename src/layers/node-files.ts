/** The part of node:fs/promises in use. Users in a browser do not have its types. */
interface Files {
  mkdir(path: string, options: { recursive: true }): Promise<unknown>;
  open(path: string, flags: "w"): Promise<FileHandle>;
  readdir(path: string): Promise<string[]>;
  readFile(path: string): Promise<Uint8Array>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
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
export const filesOfNode = (): Promise<Files> =>
  import(/* @vite-ignore */ /* webpackIgnore: true */ `${scheme()}:fs/promises`);

/** Throws in a browser, with advice. */
export function checkNode(fn: string, advice: string): void {
  if (scheme() === "node") return;
  throw new Error(`${fn}: must run in Node, got a browser: ${advice}`);
}

/** Writes a file and flushes it to the disk. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await (await filesOfNode()).open(path, "w");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Replaces a file at once: a process that is killed leaves either the old or the new contents. */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  await writeDurably(temporary, bytes);
  await (await filesOfNode()).rename(temporary, path);
}

/** The contents of a file, or undefined if it does not exist. */
export async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await (await filesOfNode()).readFile(path);
  } catch (error) {
    if (Object(error).code === "ENOENT") return undefined;
    throw error;
  }
}
