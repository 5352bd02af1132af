import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { root } from "../package/support.ts";

/** A program that goes on to use the GPU after an error. */
const PROGRAM = `
const { startNodeBackend } = await import("./scripts/node-backends.ts");
const tf = await import("@tensorflow/tfjs-core");
await startNodeBackend("webgpu");
const { device } = tf.backend();
if (process.argv[1] === "error") device.createBuffer({ size: 4, usage: 0 });
const x = tf.ones([64, 64]);
for (let i = 0; i < 20; i++) await tf.matMul(x, x).data();
console.log("finished");
`;
const runProgram = (...args: string[]) =>
  spawnSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", PROGRAM, ...args],
    { cwd: root, encoding: "utf8" },
  );

test("an error of the GPU ends the process", () => {
  const { status, stdout, stderr } = runProgram("error");
  expect(stderr).toMatch(/Error: webgpu: .*usage/i);
  expect(stdout).not.toContain("finished");
  expect(status).not.toBe(0); // 1, or null where Dawn crashes on its way out
});

test("without an error the process ends by itself", () => {
  expect(runProgram()).toMatchObject({ status: 0, stdout: "finished\n" });
});
