// Vitest's worker for threads, which waits for the next run when one is stopped, instead of ending.
import { parentPort } from "node:worker_threads";
import { init, runBaseTests, setupEnvironment } from "vitest/worker";

const wait = () =>
  init({
    post: (message) => parentPort.postMessage(message),
    on: (callback) => parentPort.on("message", callback),
    off: (callback) => parentPort.off("message", callback),
    runTests: (state, traces) => runBaseTests("run", state, traces),
    collectTests: (state, traces) => runBaseTests("collect", state, traces),
    setup: setupEnvironment,
    teardown: () => {
      parentPort.removeAllListeners("message");
      wait();
    },
  });

wait();
