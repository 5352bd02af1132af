/**
 * Bundles the benches into a folder that runs on another machine with Node alone: `npm run bench:pack --
 * <folder>`, then there `node <folder>/main.mjs steps --json steps.jsonl`. WebGPU is left out, and with it
 * footprints, which need files of this repository.
 */
import { copyFileSync, cpSync, mkdirSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const [folder] = process.argv.slice(2);
if (!folder) {
  console.error("usage: npm run bench:pack -- <folder>");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

await build({
  entryPoints: ["main.ts", "steps-worker.ts", "wasm-stepper.ts"].map((name) => join(here, name)),
  outdir: folder,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: ["webgpu", "@tensorflow/tfjs-backend-webgpu"],
  // What CommonJS packages expect of Node.
  banner: {
    js:
      'import { createRequire as requireOf } from "node:module"; import { dirname as folderOf } from "node:path"; ' +
      'import { fileURLToPath as pathOfUrl } from "node:url"; const require = requireOf(import.meta.url); ' +
      "const __filename = pathOfUrl(import.meta.url); const __dirname = folderOf(__filename);",
  },
});
cpSync(join(here, "peers"), join(folder, "peers"), {
  recursive: true,
  filter: (path) => !path.endsWith(".ts"),
});
const wasm = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));
for (const name of readdirSync(wasm).filter((file) => file.endsWith(".wasm"))) {
  copyFileSync(join(wasm, name), join(folder, name));
}
