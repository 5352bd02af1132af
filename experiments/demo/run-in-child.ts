import { inChildProcess } from "../common/child-process.ts";
import type { RunJob } from "./job.ts";

/** Does a job in a process of its own. */
export const runInChild: RunJob = inChildProcess(new URL("child.ts", import.meta.url));
