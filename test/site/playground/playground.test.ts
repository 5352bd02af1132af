import { afterAll, beforeAll, expect, test } from "vitest";
import { type Playground, startPlayground } from "./support.ts";

let playground: Playground;
beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground.close());

/** Steps of the fine-tuning: 8 epochs of 5,000 images in batches of 256. */
const STEPS = 8 * Math.ceil(5000 / 256);

test("trains 30 steps on wasm, and the needle of the CMI moves", async () => {
  const { page, errors, ...visit } = await playground.open();
  const before = await visit.cmiOf("mcmi"); // that of the shipped teacher, at once
  await visit.waitForPhase("ready");
  expect(await visit.cmiOf("mcmi")).toBeCloseTo(before, 4);
  expect(await visit.cmiOf("control")).toBeCloseTo(before, 4);
  expect(before).toBeGreaterThan(0.001);
  expect(before).toBeLessThan(0.01);

  await page.click("#train");
  await visit.waitForProgress(30 / STEPS);
  await page.click("#pause");
  expect(await visit.cmiOf("mcmi")).toBeGreaterThan(2 * before);
  expect(await visit.cmiOf("control")).toBeLessThan(1.5 * before);
  expect(errors).toEqual([]);
  await page.close();
});

test("says in words what is wrong with its address", async () => {
  const { page, errors, ...visit } = await playground.open({ query: "?lambda=abc&magic=1" });
  await visit.waitForPhase("ready");
  expect(await visit.text("notice")).toMatch(/lambda must be a number.*unknown parameter “magic”/s);
  expect(await visit.text("mcmi-loss")).toBe("λ = 0.4");
  expect(errors).toEqual([]);
  await page.close();
});
