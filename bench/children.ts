import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** Starts a script of this folder as a child process. Returns it with its first message. */
export async function startChild(name: string, options: object) {
  const isSource = import.meta.url.endsWith(".ts"); // otherwise bench/pack.ts has compiled it
  const path = fileURLToPath(new URL(`${name}${isSource ? ".ts" : ".mjs"}`, import.meta.url));
  const child = fork(path, [JSON.stringify(options)], {
    execArgv: isSource ? ["--import", "tsx"] : [],
  });
  const [first] = await once(child, "message");
  return { child, first };
}
