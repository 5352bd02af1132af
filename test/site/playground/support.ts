import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright";
import { build, preview } from "vite";
import { BROWSER_TIMEOUT, chromiumLaunchOptions } from "../../../scripts/chromium.ts";
import { root } from "../../package/support.ts";

/** A built playground on a local server, and a browser. */
export interface Playground {
  browser: Browser;
  open(options?: OpenOptions): Promise<Visit>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Such as `?lambda=0.5`. */
  query?: string;
  width?: number;
  colorScheme?: "light" | "dark";
  /** A script that runs in the worker before its own, for example to break it. */
  beforeWorker?: string;
  /** A script that runs in the page before its own. */
  beforePage?: string;
}

/** An open page with the errors that it has reported. */
export interface Visit {
  page: Page;
  /** Warnings and errors of the console of page and worker, failed requests and those to other hosts. */
  errors: string[];
  text(id: string): Promise<string>;
  /** CMI of a teacher as its dial shows it, nats. */
  cmiOf(teacher: "control" | "mcmi"): Promise<number>;
  /** Waits until the page is in one of the phases. */
  waitForPhase(...phases: ("ready" | "training" | "broken")[]): Promise<void>;
  /** Waits until a share of the present training is done. */
  waitForProgress(share: number): Promise<void>;
}

/** Builds the playground in a folder of its own, so that tests do not disturb each other. */
export async function startPlayground(): Promise<Playground> {
  const folder = mkdtempSync(join(tmpdir(), "kd-cmi-playground-"));
  const configFile = join(root, "playground/vite.config.ts");
  const images = join(root, "playground/data/make-images.ts");
  execFileSync(process.execPath, ["--import", "tsx", images], { cwd: root });
  const options = { configFile, logLevel: "error", build: { outDir: folder } } as const;
  await build(options);
  const server = await preview({ ...options, preview: { port: 0, host: "127.0.0.1" } });
  const browser = await chromium.launch(chromiumLaunchOptions);
  return {
    browser,
    open: (options = {}) => open(browser, server.resolvedUrls!.local[0]!, options),
    async close() {
      await browser.close();
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function open(browser: Browser, address: string, options: OpenOptions): Promise<Visit> {
  const { query = "", width = 1280, colorScheme = "light", beforeWorker, beforePage } = options;
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
  page.setDefaultTimeout(BROWSER_TIMEOUT);
  const errors: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) errors.push(message.text());
  });
  page.on("pageerror", ({ message }) => errors.push(message));
  page.on("requestfailed", (request) => errors.push(`failed: ${request.url()}`));
  page.on("request", (request) => {
    const isLocal = [address, "data:"].some((start) => request.url().startsWith(start));
    if (!isLocal) errors.push(`asks another host: ${request.url()}`);
  });
  if (beforePage) await page.addInitScript(beforePage);
  if (beforeWorker) {
    await page.route(/\/assets\/main-[^/]*\.js$/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `${beforeWorker};\n${await response.text()}` });
    });
  }
  await page.goto(address + query);
  return {
    page,
    errors,
    text: async (id) => (await page.locator(`#${id}`).textContent()) ?? "",
    cmiOf: async (teacher) =>
      Number(await page.locator(`#${teacher} [role=meter]`).getAttribute("aria-valuenow")),
    waitForPhase: async (...phases) => {
      await page.waitForFunction(
        (wanted) => wanted.some((phase) => phase === document.body.dataset.phase),
        phases,
      );
    },
    waitForProgress: async (share) => {
      await page.waitForFunction(
        (least) => (document.querySelector("progress")?.value ?? 0) >= least,
        share,
      );
    },
  };
}
