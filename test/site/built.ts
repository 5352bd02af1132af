import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext } from "playwright";
import { root, run } from "../package/support.ts";

/** Whether `npm run test:site` has built the whole site in docs/dist. */
export const isWhole = process.env.MODE === "site";

/** The folder of the site, which is built without the playground if it is not whole. */
export async function builtSite(temporary: string): Promise<string> {
  if (isWhole) return join(root, "docs/dist");
  const tsx = join(root, "node_modules/.bin/tsx");
  await run(root, tsx, "scripts/docs/main.ts", "--pages-only", "--out", temporary);
  return temporary;
}

/** The paths of all pages, such as `losses/kdLoss.html`, except those of the playground. */
export const htmlPages = (site: string): string[] =>
  readdirSync(site, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".html") && !path.startsWith("playground"),
  );

const TYPES: Record<string, string> = {
  html: "text/html",
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
  json: "application/json",
};

export const ORIGIN = "http://site.localhost";

/** Answers all requests of a browser from the site. Others are recorded and fail. */
export async function serve(context: BrowserContext, site: string): Promise<string[]> {
  const failed: string[] = [];
  await context.route("**/*", (route) => {
    const { origin, pathname } = new URL(route.request().url());
    const path = decodeURIComponent(pathname).replace(/\/$/, "/index.html");
    const file = [join(site, path), join(site, `${path}.html`)].find(existsSync);
    if (origin !== ORIGIN || !file) {
      failed.push(route.request().url());
      return route.fulfill({ status: 404 });
    }
    const contentType = TYPES[file.split(".").at(-1)!] ?? "application/octet-stream";
    return route.fulfill({ body: readFileSync(file), contentType });
  });
  return failed;
}
