import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, normalize } from "node:path";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BROWSER_TIMEOUT, chromiumLaunchOptions } from "../../scripts/chromium.ts";
import { entryPoints, publicSymbols } from "../../scripts/public-symbols.ts";
import { remove, temporaryFolder } from "../package/support.ts";
import { builtSite, htmlPages, isWhole, ORIGIN, serve } from "./built.ts";
import { siteFolder } from "./support.ts";

const temporary = temporaryFolder();
let site: string;
let pages: Map<string, string>;

beforeAll(async () => {
  site = await builtSite(temporary);
  pages = new Map(
    htmlPages(site).map((path) => [path, readFileSync(join(site, path), "utf8")] as const),
  );
}, 300_000);

afterAll(() => remove(temporary));

/** The text of a page's source, without code. */
const sourceOf = (path: string) =>
  readFileSync(join(siteFolder, path.replace(/html$/, "md")), "utf8")
    .replace(/^```[\s\S]*?^```$/gm, "")
    .replace(/`[^`\n]+`/g, "");

const written = () => [...pages.keys()].filter((path) => path !== "404.html");
const count = (text: string, pattern: RegExp) => (text.match(pattern) ?? []).length;

describe("formulas", () => {
  const FORMULA = /\$\$[^$]+\$\$|\$[^$\n]+\$/g;

  test("each formula of each page is rendered", () => {
    const counts = written().map((path) => ({
      path,
      formulas: count(sourceOf(path), FORMULA),
      rendered: count(pages.get(path)!, /<mjx-container/g),
    }));
    expect(counts.filter(({ formulas, rendered }) => formulas !== rendered)).toEqual([]);
    const docstrings = publicSymbols(Object.values(entryPoints)).map(({ text }) => text);
    const all = docstrings.reduce((sum, text) => sum + count(text, /\$\$[^$]+\$\$/g), 0);
    expect(all).toBeGreaterThan(30);
    const total = counts.reduce((sum, { rendered }) => sum + rendered, 0);
    expect(total).toBeGreaterThanOrEqual(all);
  });

  test("none has an error, and no TeX is left", () => {
    const wrong = written().filter((path) => /merror|data-mjx-error|\$\$/.test(pages.get(path)!));
    expect(wrong).toEqual([]);
  });

  test("‖ and ∥ survive", () => {
    const bars = /[‖∥]/g;
    const counts = written().map((path) => ({
      path,
      source: count(sourceOf(path).replace(FORMULA, ""), bars),
      page: count(pages.get(path)!.replace(/<mjx-container[\s\S]*?<\/mjx-container>/g, ""), bars),
    }));
    expect(counts.filter(({ source }) => source > 0).length).toBeGreaterThan(5);
    expect(counts.filter(({ source, page }) => page < source)).toEqual([]);
    // In formulas, \| gives ∥ in the text for screen readers.
    expect(pages.get("guide/index.html")).toMatch(/<mo[^>]*>‖|<mo[^>]*>∥|<mo[^>]*>&#x2225;/);
  });
});

/** The values of an attribute. */
const attributes = (html: string, name: string) =>
  [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, "g"))].map(([, value]) =>
    value!.replaceAll("&amp;", "&"),
  );

test("every link and image leads to a file, and every anchor to an element", () => {
  const ids = new Map([...pages].map(([path, html]) => [path, new Set(attributes(html, "id"))]));
  const broken = [...pages].flatMap(([path, html]) =>
    [...attributes(html, "href"), ...attributes(html, "src")]
      .filter((link) => !/^(https?:|mailto:|data:)/.test(link))
      .filter((link) => {
        const [address, anchor] = decodeURIComponent(link).split("#") as [string, string?];
        const target = address.startsWith("/") ? address : join("/", dirname(path), address);
        let file = address === "" ? path : normalize(target).slice(1);
        if (file === "" || file.endsWith("/")) file += "index.html";
        if (file.startsWith("playground/") && !isWhole) return false;
        if (!existsSync(join(site, file))) return true;
        return Boolean(anchor) && !ids.get(file)!.has(anchor!);
      })
      .map((link) => `${path}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test("pages have a page for every export, and no __namedParameters", () => {
  const names = publicSymbols(Object.values(entryPoints)).map(({ name }) => name);
  const paths = [...pages.keys()];
  expect(names.filter((name) => !paths.some((path) => path.endsWith(`/${name}.html`)))).toEqual([]);
  expect(paths.filter((path) => pages.get(path)!.includes("__namedParameters"))).toEqual([]);
});

test("nothing is loaded from another host", () => {
  const loaded = [...pages.values()].flatMap((html) => [
    ...attributes(html, "src"),
    ...[...html.matchAll(/<link[^>]*\shref="([^"]*)"/g)].map(([, href]) => href!),
  ]);
  expect(loaded.length).toBeGreaterThan(0);
  expect(loaded.filter((address) => /^(https?:)?\/\//.test(address))).toEqual([]);
});

describe("in Chromium", () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch(chromiumLaunchOptions);
  });
  afterAll(() => browser?.close());

  /** An empty page, and the list of its errors: on the console, of scripts, and of requests. */
  async function open(width: number) {
    const viewport = { width, height: 844 };
    const context = await browser.newContext({ viewport, reducedMotion: "reduce" });
    context.setDefaultTimeout(BROWSER_TIMEOUT);
    const problems = await serve(context, site);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    return { context, page, problems };
  }

  interface Axe {
    run: (options: object) => Promise<{
      violations: { id: string; impact: string; nodes: { html: string }[] }[];
    }>;
  }

  /** The serious findings of axe. */
  const findingsOf = (page: Page, options: object) =>
    page.evaluate(async (options) => {
      const { axe } = window as unknown as { axe: Axe };
      const { violations } = await axe.run({ resultTypes: ["violations"], ...options });
      return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 80)).join(", ")}`);
    }, options);

  /** What is wrong with a page, in light and in dark. */
  async function faultsOf(page: Page, path: string): Promise<string[]> {
    await page.emulateMedia({ colorScheme: "light" });
    await page.goto(`${ORIGIN}/${path}`);
    const overflow = () =>
      page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth > clientWidth ? [`is ${scrollWidth - clientWidth} px too wide`] : [];
      });
    await page.evaluate(axe);
    const light = [...(await overflow()), ...(await findingsOf(page, {}))];
    await page.emulateMedia({ colorScheme: "dark" });
    await page.locator("html.dark").waitFor();
    const dark = await findingsOf(page, { runOnly: ["color-contrast"] });
    return [...light, ...(await overflow()), ...dark.map((finding) => `dark: ${finding}`)];
  }

  async function checkPages(paths: readonly string[], width: number) {
    const { context, page, problems } = await open(width);
    const faults: string[] = [];
    for (const path of paths) {
      for (const fault of await faultsOf(page, path)) faults.push(`${path}: ${fault}`);
      for (const problem of problems.splice(0)) faults.push(`${path}: ${problem}`);
    }
    await context.close();
    expect(faults).toEqual([]);
  }

  const SOME = ["index.html", "guide/index.html", "losses/rkdLoss.html", "evidence/mnist.html"];
  const WIDTHS = [390, 1280];

  test.each(WIDTHS)("some pages are fine at %i px, in light and dark", (width) =>
    checkPages(SOME, width),
  );

  test.concurrent.each(WIDTHS)(
    "all pages are fine at %i px, in light and dark",
    { tags: "broad" },
    (width) => checkPages(written(), width),
  );

  test("the search finds methods by the names of their papers", async () => {
    const { context, page, problems } = await open(1280);
    await page.goto(ORIGIN);
    await page.waitForFunction(() => "__vue_app__" in document.querySelector("#app")!); // listens to keys
    for (const [query, title] of [
      ["ReviewKD", "hierarchicalContextLoss"],
      ["FitNet", "hintLoss"],
      ["HCL", "hierarchicalContextLoss"],
      ["few-shot", "few images"],
    ]) {
      await page.keyboard.press("Control+k");
      await page.locator("#localsearch-input").fill(query!);
      const first = page.locator("#localsearch-list .result").filter({ hasText: title! }).first();
      await first.waitFor();
      const all = await page.locator("#localsearch-list .result").allTextContents();
      expect(
        all.findIndex((text) => text.includes(title!)),
        `${query}: ${all}`,
      ).toBeLessThan(8);
      await page.keyboard.press("Escape");
      await page.locator("#localsearch-input").waitFor({ state: "hidden" });
    }
    expect(problems).toEqual([]);
    await context.close();
  });
});
