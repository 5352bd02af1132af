import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BROWSER_TIMEOUT } from "../../../scripts/chromium.ts";
import { type Playground, startPlayground, type Visit } from "./support.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let playground: Playground;
beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground.close());

const barOf = async (page: Page, student: number) =>
  Number(await page.locator(".bar").nth(student).getAttribute("aria-valuenow"));

/** Violations of the accessibility rules that are serious or critical. */
async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target}`));
}

/** Presses Tab until an element has the focus. */
async function tabTo(page: Page, id: string): Promise<void> {
  for (let i = 0; i < 40; i++) {
    if ((await page.evaluate(() => document.activeElement?.id)) === id) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not reach ${id}`);
}

test("the story runs to its bars on wasm, by keyboard alone", { tags: "broad" }, async () => {
  const { page, errors, ...visit } = await playground.open();
  await visit.waitForPhase("ready");
  await tabTo(page, "train");
  await page.keyboard.press("Enter");
  await visit.waitForPhase("training");

  await tabTo(page, "pause");
  await page.keyboard.press("Space");
  const isStill = async () => {
    const before = await visit.cmiOf("mcmi");
    await page.waitForTimeout(1500);
    return (await visit.cmiOf("mcmi")) === before;
  };
  await expect.poll(isStill, { timeout: BROWSER_TIMEOUT }).toBe(true);
  expect(await visit.text("pause")).toBe("Resume");
  await page.keyboard.press("Space");
  await visit.waitForPhase("ready");

  expect(await visit.text("status")).toMatch(/CMI of the right-hand teacher is \d+ times/);
  expect(await visit.cmiOf("mcmi")).toBeGreaterThan(10 * (await visit.cmiOf("control")));
  const [ce, control, mcmi] = [await barOf(page, 0), await barOf(page, 1), await barOf(page, 2)];
  expect(mcmi).toBeGreaterThan(10);
  expect(mcmi).toBeGreaterThan(Math.max(ce, control));
  expect(await visit.text("result")).toContain(`the student of MCMI recognises ${mcmi} %`);
  const green = await page.locator(".strip").nth(2).locator(".hit").count();
  expect(Math.abs(green / 48 - mcmi / 100)).toBeLessThan(0.15); // 48 of the 107 images

  // The rival: at T = 8 the student of CE does better than that of MCMI did at T = 3.
  await tabTo(page, "temperature");
  for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
  await page.waitForURL("**/?temperature=8"); // told a little later
  expect(await visit.text("pending")).toContain("Train the students again");
  await tabTo(page, "again");
  await page.keyboard.press("Enter");
  await visit.waitForPhase("training");
  await visit.waitForPhase("ready");
  expect(await barOf(page, 0)).toBeGreaterThan(mcmi);

  await tabTo(page, "sample");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /MCMI: \d/.test(document.body.textContent ?? ""));
  expect(errors).toEqual([]);
  await page.close();
});

test("a teacher that stops early is trained, and its accuracy is given", {
  tags: "broad",
}, async () => {
  const { page, errors, ...visit } = await playground.open({ query: "?epoch=1" });
  await visit.waitForPhase("ready");
  await page.click("#train");
  await visit.waitForPhase("training");
  await visit.waitForPhase("ready");
  expect(await visit.text("result")).toMatch(/CE does better than MCMI.*accuracy of 8\d\.\d %/);
  await page.click("#reset");
  await visit.waitForPhase("ready");
  expect(await visit.cmiOf("mcmi")).toBe(await visit.cmiOf("control"));
  expect(await page.locator("#again").isDisabled()).toBe(true);
  expect(errors).toEqual([]);
  await page.close();
});

describe.each([
  [390, "light"],
  [390, "dark"],
  [1280, "light"],
  [1280, "dark"],
] as const)("at %i px, %s", (width, colorScheme) => {
  test("has no serious finding of axe, nothing cut off and no error", {
    tags: "broad",
  }, async () => {
    const query = "?lambda=abc"; // with a notice
    const { page, errors, ...visit } = await playground.open({ query, width, colorScheme });
    await visit.waitForPhase("ready");
    expect(await violationsOf(page)).toEqual([]);
    const tooWide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(tooWide).toBeLessThanOrEqual(0);
    await page.click("#train");
    await visit.waitForPhase("training");
    expect(await violationsOf(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });
});

test("axe has no serious finding in a refusal", { tags: "broad" }, async () => {
  const { page, ...visit } = await playground.open({ query: "?backend=webgl" });
  await visit.waitForPhase("broken");
  expect(await violationsOf(page)).toEqual([]);
  await page.close();
});

test("an empty drawing and one before the training are answered in words", {
  tags: "broad",
}, async () => {
  const { page, ...visit } = await playground.open();
  await visit.waitForPhase("ready");
  await page.click("#clear");
  expect(await visit.text("said")).toBe("The square is empty. Draw a digit first.");
  const box = (await page.locator("#paper canvas").boundingBox())!;
  await page.mouse.move(box.x + 50, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + 100, box.y + 100, { steps: 5 });
  await page.mouse.up();
  expect(await visit.text("said")).toBe("The students answer once they are trained.");
  await page.close();
});

test("a browser without canvas shows words and figures instead of pictures", {
  tags: "broad",
}, async () => {
  const beforePage = "HTMLCanvasElement.prototype.getContext = () => null";
  const { page, errors, ...visit } = await playground.open({ beforePage });
  await visit.waitForPhase("ready");
  expect(await visit.text("mcmi")).toContain("This browser offers no canvas");
  expect(await visit.text("paper")).toContain("This browser offers no canvas to draw on.");
  await page.click("#train");
  await visit.waitForProgress(30 / 160);
  expect(await visit.cmiOf("mcmi")).toBeGreaterThan(0.005);
  expect(errors).toEqual([]);
  await page.close();
});

test("an error of a script is shown", { tags: "broad" }, async () => {
  const { page, ...visit } = await playground.open();
  await visit.waitForPhase("ready");
  await page.evaluate(() => {
    setTimeout(() => {
      throw new Error("broken");
    });
  });
  await page.locator("#alert").waitFor({ state: "visible" });
  expect(await visit.text("alert")).toContain("The page has an error: Uncaught Error: broken");
  await page.close();
});

test("the page itself is small, and its thread is never busy for long while the worker trains", {
  tags: "broad",
}, async () => {
  const visit = await playground.open();
  const { page } = visit;
  await visit.waitForPhase("ready");
  const bytes = await page.evaluate(() => {
    const entries = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    const own = entries.filter(({ initiatorType }) => ["script", "link"].includes(initiatorType));
    return own.reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0);
  });
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(250_000); // TensorFlow.js alone has more

  let training = 0;
  const longest = await longestTaskOf(visit, async () => {
    await page.click("#train");
    await visit.waitForPhase("training");
    const start = performance.now();
    await visit.waitForPhase("ready");
    training = performance.now() - start;
  });
  expect(longest).toBeGreaterThan(0);
  expect(longest).toBeLessThan(training / 200);
  await page.close();
});

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  tdur?: number;
  args: { name?: string };
}

/**
 * The longest task of the page's own thread, ms of CPU. The time on the clock depends on what else runs
 * on the machine.
 */
async function longestTaskOf({ page }: Visit, use: () => Promise<void>): Promise<number> {
  const categories = ["disabled-by-default-devtools.timeline", "toplevel"];
  await playground.browser.startTracing(page, { categories });
  await use();
  const { traceEvents } = JSON.parse(String(await playground.browser.stopTracing())) as {
    traceEvents: TraceEvent[];
  };
  const threads = traceEvents.filter(
    ({ name, args }) => name === "thread_name" && args.name === "CrRendererMain",
  );
  const isOfPage = ({ pid, tid }: TraceEvent) =>
    threads.some((thread) => thread.pid === pid && thread.tid === tid);
  const tasks = traceEvents.filter((event) => /RunTask/.test(event.name) && isOfPage(event));
  return Math.max(0, ...tasks.map(({ tdur = 0 }) => tdur / 1000));
}
