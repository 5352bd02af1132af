/** Entry of the worker: trains teachers and students off the page's own thread. */
import type { Report, Request } from "../protocol.ts";
import type { Settings } from "../settings.ts";
import { Refusal, startBackend } from "./backend.ts";
import { LoadFailure, loadShipped } from "./data.ts";
import { Session } from "./session.ts";

/** What is used of the worker's global scope, whose type is not in the DOM's library. */
interface Scope {
  postMessage(report: Report): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
}
const scope = self as unknown as Scope;
const report = (message: Report) => scope.postMessage(message);

let session: Session | undefined;

async function start({ backend, allowSoftwareGpu, data }: Request & { kind: "start" }) {
  try {
    const { note } = await startBackend(backend, allowSoftwareGpu, fail);
    const started = new Session(await loadShipped(data), report);
    const ready = { teacher: await started.view(), threes: started.threes };
    report({ kind: "ready", backend, ...(note && { note }), ...ready });
    session = started;
  } catch (error) {
    if (error instanceof LoadFailure) report({ kind: "unloaded", message: error.message });
    else if (error instanceof Refusal) report({ kind: "refused", backend, reason: error.message });
    else throw error;
  }
}

async function train(what: "teachers" | "students", settings: Settings) {
  if (what === "teachers") {
    await session?.fineTune(settings);
    report({ kind: "done", what: "teachers" });
  }
  await session?.distil(settings);
  report({ kind: "done", what: "students" });
}

async function answer(request: Request): Promise<void> {
  switch (request.kind) {
    case "start":
      await start(request);
      break;
    case "train":
      await train(request.what, request.settings);
      break;
    case "pause":
      session?.pace.setPaused(request.isPaused);
      break;
    case "classify":
      report({ kind: "classified", answers: await session?.classify(request.pixels) });
  }
}

function fail(reason: unknown): void {
  report({ kind: "failed", message: reason instanceof Error ? reason.message : String(reason) });
}

scope.onmessage = ({ data }) => {
  answer(data).catch(fail);
};
