// Builds the site in docs/dist, for the root of a server or for --base. With --dev, serves it and updates
// pages as they change. --pages-only leaves out the playground, whose build takes as long again.
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build, createServer } from "vitepress";
import { generate, site } from "./generate.ts";

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

const { values: flags } = parseArgs({
  options: {
    dev: { type: "boolean", default: false },
    base: { type: "string", default: "/" },
    out: { type: "string", default: path("docs/dist") },
    "pages-only": { type: "boolean", default: false },
  },
});
const { dev, base, out } = flags;

await generate();
if (dev) {
  const server = await createServer(site, { base });
  await server.listen();
  server.printUrls();
} else {
  await build(site, { base, outDir: out });
  if (!flags["pages-only"]) {
    execFileSync("npm", ["run", "build:playground"], { cwd: path(""), stdio: "inherit" });
    cpSync(path("playground/dist"), join(out, "playground"), { recursive: true });
  }
}
