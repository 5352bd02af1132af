import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root, run } from "../package/support.ts";

const folder = join(root, "examples/alone");
const runAlone = (name: string, ...args: string[]) =>
  run(root, "node_modules/.bin/tsx", join(folder, name), ...args);

test.each(readdirSync(folder))("%s is short and imports packages only", (name) => {
  const text = readFileSync(join(folder, name), "utf8");
  expect(text.split("\n").length).toBeLessThanOrEqual(61);
  expect(text).not.toMatch(/from "\.|import "\./);
});

test("clusters tightens the outputs by CMIC and widens them by MCMI", async () => {
  const file = join(tmpdir(), `clusters-${process.pid}.svg`);
  const printed = await runAlone("clusters.ts", file);
  const figure = (name: string, column: string) =>
    Number(new RegExp(`^${name}: .*${column} ([\\d.]+)`, "m").exec(printed)![1]);
  const cmi = ["cmic", "crossEntropy", "mcmi"].map((name) => figure(name, "CMI"));
  expect(cmi[0]).toBeLessThan(0.9 * cmi[1]!);
  expect(cmi[2]).toBeGreaterThan(1.05 * cmi[1]!);
  for (const name of ["cmic", "crossEntropy", "mcmi"]) {
    expect(figure(name, "accuracy")).toBeGreaterThan(0.85);
  }
  expect(readFileSync(file, "utf8").match(/<circle/g)).toHaveLength(900);
});

test("multi-label distils independent labels from few samples", async () => {
  const printed = await runAlone("multi-label.ts");
  const figures = [...printed.matchAll(/: ([\d.]+) % .* divergence ([\d.]+)/g)].map(([, ...x]) =>
    x.map(Number),
  );
  const [[alone, far], [distilled, near]] = figures as [[number, number], [number, number]];
  expect(distilled).toBeGreaterThan(alone + 2);
  expect(near).toBeLessThan(far / 2);
});

test("segmentation distils the labelled pixels", async () => {
  const printed = await runAlone("segmentation.ts");
  const losses = /kd: (.*)/.exec(printed)![1]!.split(", ").map(Number);
  expect(losses.at(-1)).toBeLessThan(0.6 * losses[0]!);
  expect(Number(/student: ([\d.]+) %/.exec(printed)![1])).toBeGreaterThan(65);
});

test("stored-teacher distils logits that Python wrote", async () => {
  const printed = await runAlone("stored-teacher.ts");
  expect(printed).toContain("teacher: logits [400,3]");
  const losses = /divergence: (.*) nats/.exec(printed)![1]!.split(", ").map(Number);
  expect(losses.at(-1)).toBeLessThan(0.1 * losses[0]!);
  expect(Number(/at ([\d.]+) %/.exec(printed)![1])).toBeGreaterThan(95);
});

test("async-teacher distils the mean of a remote teacher and a local one", async () => {
  const printed = await runAlone("async-teacher.ts");
  for (const name of ["loss", "val_loss"]) {
    const [, first, last] = new RegExp(`^${name}: ([\\d.]+), ([\\d.]+) nats`, "m").exec(printed)!;
    expect(Number(last)).toBeLessThan(0.2 * Number(first));
  }
});
