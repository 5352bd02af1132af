import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { remove, root, run, temporaryFolder } from "../package/support.ts";

const folder = temporaryFolder();
afterAll(() => remove(folder));

test("npm run bench:pack makes a folder that measures without the repository", async () => {
  await run(root, "node_modules/.bin/tsx", "bench/pack.ts", folder);
  for (const file of ["steps-worker.mjs", "wasm-stepper.mjs", "peers/steps.py", "peers/peer.py"]) {
    expect(existsSync(join(folder, file))).toBe(true);
  }
  const lines = join(folder, "lines.jsonl");
  const what = ["losses", "--backends", "wasm", "--losses", "kdLoss"];
  await run(folder, process.execPath, "main.mjs", ...what, "--json", lines);
  const measured = readFileSync(lines, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(measured.map(({ setting }) => setting)).toEqual(["wasm", "wasm with kd-cmi/wasm"]);
  expect(measured[1].kernels).toBeLessThan(measured[0].kernels);
});
