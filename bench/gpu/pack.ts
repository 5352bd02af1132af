/**
 * Entry of `npm run bench:gpu`: packs what the tests and benches on webgpu need into one file, for a
 * machine with a GPU but without Node, npm or a network.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Argument, Command } from "commander";

const root = fileURLToPath(new URL("../..", import.meta.url));
const LIBRARIES = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64"];

/**
 * Vulkan's loader, which Dawn needs, and the libraries that NVIDIA's driver loads, which a machine without
 * a display may lack.
 */
const LOADED = [
  "vulkan.so.1",
  "X11.so.6",
  "Xext.so.6",
  "xcb.so.1",
  "Xau.so.6",
  "Xdmcp.so.6",
  "bsd.so.0",
  "md.so.0",
];

/** The packages that the benches and the tests import. Their dependencies follow. */
const PACKAGES = [
  "@tensorflow/tfjs-backend-cpu",
  "@tensorflow/tfjs-backend-wasm",
  "@tensorflow/tfjs-backend-webgpu",
  "@tensorflow/tfjs-converter",
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-data",
  "@tensorflow/tfjs-layers",
  "cli-table3",
  "commander",
  "d3-array",
  "fast-check",
  "seedrandom",
  "tsx",
  "vitest",
  "webgpu",
];
/** Peers that only browsers need, and types. */
const LEFT_OUT =
  /node_modules\/(playwright|@types\/|@vitest\/browser|pngjs|@webgpu\/types|tr46|whatwg-url|node-fetch)/;
/** What no program loads: types, source maps, tests, bundles for browsers, other machines. */
const EXCLUDED = [
  "*.map",
  "*.d.ts",
  "*.d.mts",
  "*.d.cts",
  "*_test.js",
  "*.min.js",
  "*.es2017.js",
  "*.fesm.js",
  "@tensorflow/*/src",
  "dist/darwin-*",
  "dist/win32-*",
  process.arch === "x64" ? "dist/linux-arm64" : "dist/linux-x64",
];
const SOURCES = ["bench", "experiments", "scripts", "src", "test", "package.json", "tsconfig.json"];

const command = new Command("npm run bench:gpu --")
  .description("Packs the tests and benches on webgpu for a machine with a GPU.")
  .addArgument(new Argument("[file]", "the package").default("bench-out/gpu.tar.xz"));
command.parse();
const file = resolve(command.processedArgs[0]);

const lib = join(dirname(file), "lib");
rmSync(lib, { recursive: true, force: true });
mkdirSync(lib, { recursive: true });
copyFileSync(process.execPath, join(lib, "node"));
for (const name of LOADED) copyFileSync(libraryOf(`lib${name}`), join(lib, `lib${name}`));
copyFileSync(join(root, "bench/gpu/run.sh"), join(dirname(file), "run.sh"));
const excluded = EXCLUDED.map((pattern) => `--exclude=${pattern}`);
const packed = ["-C", root, ...SOURCES, ...folders(), "-C", dirname(file), "lib", "run.sh"];
execFileSync("tar", ["-cJf", file, ...excluded, ...packed], {
  env: { ...process.env, XZ_OPT: "-9 -T0" },
});
rmSync(lib, { recursive: true });
rmSync(join(dirname(file), "run.sh"));
const megabytes = (statSync(file).size / 1e6).toFixed(1);
console.log(`${file}: ${megabytes} MB; on the machine: tar -xJf gpu.tar.xz && ./run.sh gpu.json`);

/** The folders of the packages and of all that they depend on. */
function folders(): string[] {
  const names = PACKAGES.map((name) => `[name="${name}"]`).join(",");
  const query = `:is(${names}), :is(${names}) *`;
  const found: { location: string }[] = JSON.parse(
    execFileSync("npm", ["query", query], { cwd: root, maxBuffer: 1e8 }).toString(),
  );
  return found.map(({ location }) => location).filter((location) => !LEFT_OUT.test(location));
}

function libraryOf(name: string): string {
  const found = LIBRARIES.map((folder) => join(folder, name)).find(existsSync);
  if (found) return found;
  throw new Error(`bench:gpu needs ${name}: run npm test once, or apt install chromium libvulkan1`);
}
