import { fileURLToPath } from "node:url";
import { withPage } from "../../scripts/page.ts";
import type { RunJob } from "./job.ts";

/** Does a job in a page of headless Chromium. */
export const runInBrowser: RunJob = ({ data, ...job }, onProgress) => {
  const entry = fileURLToPath(new URL("page.ts", import.meta.url));
  const files = Object.fromEntries(
    (["train", "test"] as const).flatMap((part) =>
      Object.entries(data[part]).map(([kind, bytes]) => [`${part}-${kind}`, bytes as Uint8Array]),
    ),
  );
  return withPage({ entryPoints: [entry] }, files, async (page) => {
    await page.exposeFunction("onProgress", onProgress);
    await page.waitForFunction("globalThis.doJob");
    const { name, classNames } = data;
    return page.evaluate((job) => doJob(job), { ...job, name, classNames });
  });
};
