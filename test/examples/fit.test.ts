import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root, run } from "../package/support.ts";

test("fit-mcmi-teacher keeps more CMI than cross-entropy does", async () => {
  const args = ["examples/losses/main.ts", "fit-mcmi-teacher", "--images", "100"];
  const printed = await run(root, "node_modules/.bin/tsx", ...args);
  const epochs = [...printed.matchAll(/loss (\S+), accuracy (\S+) %, CMI (\S+) nats/g)];
  expect(epochs).toHaveLength(12);
  const figures = epochs.map(([, ...texts]) => texts.map(Number) as [number, number, number]);
  const [start, , , , , , , plain, , , , mcmi] = figures;
  expect(plain![0]).toBeLessThan(0.5 * start![0]);
  expect(Math.min(plain![1], mcmi![1])).toBeGreaterThan(80);
  expect(mcmi![2]).toBeGreaterThan(plain![2]);
});

test("the program is short", () => {
  const lines = readFileSync(join(root, "examples/fit/mcmi-teacher.ts"), "utf8").split("\n");
  expect(lines.length).toBeLessThanOrEqual(60);
});
