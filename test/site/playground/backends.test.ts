import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Playground, startPlayground } from "./support.ts";

let playground: Playground;
beforeAll(async () => {
  playground = await startPlayground();
});
afterAll(() => playground.close());

describe.each([
  ["webgl", "WebGL"],
  ["webgpu", "WebGPU"],
])("%s", (backend, title) => {
  test("is refused with a reason where the processor emulates the GPU, and another is offered", {
    tags: "broad",
  }, async () => {
    const { page, errors, ...visit } = await playground.open({ query: `?backend=${backend}` });
    await visit.waitForPhase("broken");
    const message = `This browser has no GPU for ${title}: the processor emulates one`;
    expect(await visit.text("alert")).toContain(message);
    expect(await page.locator("#train").isDisabled()).toBe(true);

    await page.getByRole("button", { name: "Use WebAssembly" }).click();
    await visit.waitForPhase("ready");
    expect(await page.locator("#alert").isHidden()).toBe(true);
    expect(new URL(page.url()).search).toBe("");
    expect(errors).toEqual([]);
    await page.close();
  });

  test("trains 30 steps on request, and the needle of the CMI moves", {
    tags: "broad",
  }, async () => {
    const query = `?backend=${backend}&softwareGpu=allow`;
    const { page, errors, ...visit } = await playground.open({ query });
    await visit.waitForPhase("ready");
    expect(await visit.text("notice")).toContain("The processor emulates the GPU");
    const before = await visit.cmiOf("mcmi");
    await page.click("#train");
    await visit.waitForProgress(30 / 160);
    await page.click("#pause");
    expect(await visit.cmiOf("mcmi")).toBeGreaterThan(2 * before);
    // Chromium reports that its software GPU is slow to read.
    expect(errors.filter((text) => !/GPU stall|fallback|No available adapters/.test(text))).toEqual(
      [],
    );
    await page.close();
  });
});

/** Keeps each WebGL context of the worker, so that a test can take its GPU away. */
const KEEP_CONTEXTS = `
  const getContext = OffscreenCanvas.prototype.getContext;
  OffscreenCanvas.prototype.getContext = function (...args) {
    return (globalThis.lastContext = getContext.apply(this, args));
  };`;

test("a lost GPU is said in words, and another backend is offered", {
  tags: "broad",
}, async () => {
  const query = "?backend=webgl&softwareGpu=allow";
  const { page, ...visit } = await playground.open({ query, beforeWorker: KEEP_CONTEXTS });
  await visit.waitForPhase("ready");
  await page.click("#train");
  await visit.waitForPhase("training");
  await page.workers()[0]!.evaluate("lastContext.getExtension('WEBGL_lose_context').loseContext()");
  await visit.waitForPhase("broken");
  expect(await visit.text("alert")).toContain("WebGL failed: WebGL lost its GPU.");
  await page.getByRole("button", { name: "Use WebAssembly" }).click();
  await visit.waitForPhase("ready");
  await page.close();
});

test("a backend that fails in the training is said in words, and the page can start again", {
  tags: "broad",
}, async () => {
  const { page, errors, ...visit } = await playground.open();
  await visit.waitForPhase("ready");
  await page.click("#train");
  await visit.waitForProgress(1 / 160);
  const breakDown = 'Math.cos = () => { throw new Error("out of memory"); }'; // of the schedule
  await page.workers()[0]!.evaluate(breakDown);
  await visit.waitForPhase("broken");
  expect(await visit.text("alert")).toContain("WebAssembly failed: out of memory");
  await page.click("#reset");
  await visit.waitForPhase("ready");
  expect(await page.locator("#train").isEnabled()).toBe(true);
  expect(errors).toEqual([]);
  await page.close();
});

test("WebAssembly without SIMD trains with a note, and a browser without it is offered others", {
  tags: "broad",
}, async () => {
  const plain = await playground.open({ beforeWorker: "WebAssembly.validate = () => false" });
  await plain.waitForPhase("ready");
  expect(await plain.text("notice")).toContain("has no SIMD instructions");
  await plain.page.click("#train");
  await plain.waitForProgress(1 / 160);
  expect(plain.errors).toEqual([]);
  await plain.page.close();

  const none = await playground.open({ beforeWorker: "delete globalThis.WebAssembly" });
  await none.waitForPhase("broken");
  expect(await none.text("alert")).toContain("This browser offers no WebAssembly.");
  await none.page.close();
});

test("a worker that cannot be loaded is said in words", { tags: "broad" }, async () => {
  const { page, ...visit } = await playground.open({ beforeWorker: "syntax error" });
  await visit.waitForPhase("broken");
  expect(await visit.text("alert")).toBe("The worker could not be loaded.Try again");
  await page.close();
});

/** Fails the first time that the images are asked for. */
const FAIL_ONCE = `
  const load = globalThis.fetch;
  globalThis.fetch = async (address, ...rest) => {
    const cache = await caches.open("failures");
    if (!String(address).includes("images.bin") || (await cache.match("/failed"))) {
      return load(address, ...rest);
    }
    await cache.put("/failed", new Response());
    return new Response("none", { status: 404 });
  };`;

test("data that cannot be loaded are named, and the page can try again", {
  tags: "broad",
}, async () => {
  const { page, ...visit } = await playground.open({ beforeWorker: FAIL_ONCE });
  await visit.waitForPhase("broken");
  expect(await visit.text("alert")).toContain("The images could not be loaded: status 404");
  await page.getByRole("button", { name: "Try again" }).click();
  await visit.waitForPhase("ready");
  await page.close();
});
