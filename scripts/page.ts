import { type BuildOptions, build } from "esbuild";
import { chromium, type Page } from "playwright";
import { BROWSER_TIMEOUT, chromiumLaunchOptions } from "./chromium.ts";

const ORIGIN = "http://page.localhost";

/**
 * Opens a page in headless Chromium that runs a script. All of its requests are answered locally.
 *
 * @param script The script, bundled by esbuild.
 * @param files The bytes served at each path.
 * @param use Called with the loaded page, which is closed afterwards.
 */
export async function withPage<T>(
  script: Pick<BuildOptions, "entryPoints" | "stdin">,
  files: Record<string, Uint8Array>,
  use: (page: Page) => Promise<T>,
): Promise<T> {
  const bundle = await build({
    ...script,
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "error",
  });
  const browser = await chromium.launch(chromiumLaunchOptions);
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(BROWSER_TIMEOUT);
    await page.route(`${ORIGIN}/**`, (route) => {
      const path = new URL(route.request().url()).pathname.slice(1);
      if (path === "") {
        const body = '<!doctype html><body><script type="module" src="page.js"></script>';
        return route.fulfill({ body, contentType: "text/html" });
      }
      if (path === "page.js") {
        return route.fulfill({
          body: bundle.outputFiles![0]!.text,
          contentType: "text/javascript",
        });
      }
      const bytes = files[path];
      return route.fulfill(bytes ? { body: Buffer.from(bytes) } : { status: 404 });
    });
    await page.goto(ORIGIN);
    return await use(page);
  } finally {
    await browser.close();
  }
}
