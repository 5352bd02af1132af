import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright";
import { chromiumLaunchOptions } from "../../scripts/chromium.ts";
import type { RunJob } from "./job.ts";

const ORIGIN = "http://demo.localhost";

/** Does a job in a page of headless Chromium, whose every request is answered from here. */
export const runInBrowser: RunJob = async ({ data, ...job }, onProgress) => {
  const entry = fileURLToPath(new URL("page.ts", import.meta.url));
  const bundle = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "error",
  });
  const files: Record<string, { body: string | Buffer; contentType: string }> = {
    "/": { body: '<script type="module" src="page.js"></script>', contentType: "text/html" },
    "/page.js": { body: bundle.outputFiles[0]!.text, contentType: "text/javascript" },
  };
  for (const part of ["train", "test"] as const) {
    for (const [kind, bytes] of Object.entries(data[part])) {
      files[`/${part}-${kind}`] = {
        body: Buffer.from(bytes),
        contentType: "application/octet-stream",
      };
    }
  }
  const browser = await chromium.launch(chromiumLaunchOptions);
  try {
    const page = await browser.newPage();
    await page.route(`${ORIGIN}/**`, (route) => {
      const file = files[new URL(route.request().url()).pathname];
      return route.fulfill(file ?? { status: 404 });
    });
    await page.exposeFunction("onProgress", onProgress);
    await page.goto(ORIGIN);
    await page.waitForFunction("globalThis.doJob");
    return await page.evaluate((job) => doJob(job), {
      ...job,
      name: data.name,
      classNames: data.classNames,
    });
  } finally {
    await browser.close();
  }
};
