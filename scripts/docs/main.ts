// Builds the site in docs/dist, for the root of a server or for --base. With --dev, serves it and updates
// pages as they change. --pages-only leaves out the playground, whose build takes as long again.
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { build, createServer } from "vitepress";
import { parseOrExit } from "../../experiments/common/flags.ts";
import { generate, site } from "./generate.ts";

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

const command = new Command("npm run docs --")
  .description("Builds the site.")
  .option("--dev", "serve the pages and follow changes", false)
  .option("--base <path>", "the path of the site on its host", "/")
  .option("--out <folder>", "where to write it", path("docs/dist"))
  .option("--pages-only", "without the playground", false);
const flags = parseOrExit(command, process.argv.slice(2)).opts<{
  dev: boolean;
  base: string;
  out: string;
  pagesOnly: boolean;
}>();
const { dev, base, out } = flags;

await generate();
if (dev) {
  const server = await createServer(site, { base });
  await server.listen();
  server.printUrls();
} else {
  await build(site, { base, outDir: out });
  if (!flags.pagesOnly) {
    execFileSync("npm", ["run", "build:playground"], { cwd: path(""), stdio: "inherit" });
    cpSync(path("playground/dist"), join(out, "playground"), { recursive: true });
  }
}
