import { join } from "node:path";
import { expect, test } from "vitest";
import { root, run } from "../package/support.ts";

const bench = (...args: string[]) =>
  run(root, "node_modules/.bin/tsx", join(root, "bench/main.ts"), ...args);

test.each([
  ["losses --backends no", "Allowed choices are cpu, wasm, webgpu."],
  ["steps --networks x", "Allowed choices are mlp, cnn, resnet20"],
  ["losses --backends cpu --losses x", "nothing was measured; no loss has such a name"],
])("npm run bench -- %s is refused", async (args, message) => {
  await expect(bench(...args.split(" "))).rejects.toThrow(message);
});
