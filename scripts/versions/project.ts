import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

/** Writes a file of a project and returns its path. */
export function write(project: string, file: string, text: string): string {
  const path = join(project, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** What a command prints on its standard output. If it fails, throws all that it printed. */
export async function run(folder: string, command: string, ...args: string[]): Promise<string> {
  try {
    const limits = { cwd: folder, maxBuffer: 2 ** 26 };
    return (await promisify(execFile)(command, args, limits)).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${stdout}\n${stderr}`.trim(), { cause: error });
  }
}

/** A user's project in an empty folder with these npm packages and no others. */
export async function install(folder: string, packages: readonly string[]): Promise<string> {
  write(folder, "package.json", '{ "private": true, "type": "module" }');
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
  await run(folder, "npm", "install", ...flags, ...packages);
  return folder;
}
