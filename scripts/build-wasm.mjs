// Compiles src/wasm/module, which is AssemblyScript, and embeds it in src/wasm/module.generated.ts.
// Does nothing if that file is up to date. It is plain JavaScript, because it runs before tsx does.
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "src/wasm/module");
const generated = join(root, "src/wasm/module.generated.ts");

/** The module lives in the backend's memory, so it must not have any of its own. */
const FLAGS = [
  "--runtime",
  "stub",
  "--importMemory",
  "--noExportMemory",
  "--enable",
  "simd",
  "-O3",
  "--shrinkLevel",
  "1",
];
const DATA_SECTION = 11;

/** A digest of all that the result depends on. */
function digest() {
  const hash = createHash("sha256");
  const compiler = join(root, "node_modules/assemblyscript/package.json");
  const sources = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const files = [
    fileURLToPath(import.meta.url),
    compiler,
    ...sources.sort().map((n) => join(folder, n)),
  ];
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex");
}

/** The text of the generated file: the types of the module's functions and its bytes. */
export async function compiledModule() {
  const { default: asc } = await import("assemblyscript/asc");
  const out = mkdtempSync(join(tmpdir(), "kd-cmi-wasm-"));
  try {
    const files = ["-o", join(out, "module.wasm"), "--bindings", "raw"];
    const { error, stderr } = await asc.main([join(folder, "index.ts"), ...files, ...FLAGS]);
    if (error) throw new Error(`build-wasm: ${error.message}\n${stderr}`);
    const bytes = readFileSync(join(out, "module.wasm"));
    if (sections(bytes).includes(DATA_SECTION)) {
      throw new Error(
        "build-wasm: the module has static data, which would overwrite the backend's",
      );
    }
    const types = readFileSync(join(out, "module.d.ts"), "utf8");
    return [
      `// Made by scripts/build-wasm.mjs. Digest of the sources: ${digest()}`,
      "/** The functions of the module. Their documentation is in src/wasm/module. */",
      "export interface ModuleFunctions {",
      ...[...types.matchAll(/export function (.+;)/g)].map(([, signature]) => `  ${signature}`),
      "}",
      "",
      "/** The module in hexadecimal digits, which compress better than base64. */",
      `export const MODULE = "${bytes.toString("hex")}";`,
      "",
    ].join("\n");
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** The ids of a module's sections. */
function sections(bytes) {
  const ids = [];
  for (let at = 8; at < bytes.length; ) {
    ids.push(bytes[at++]);
    let size = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      more = bytes[at] >= 128;
      size += (bytes[at++] & 127) << shift;
    }
    at += size;
  }
  return ids;
}

/** Writes the generated file if a source has changed. */
export async function buildModule() {
  if (existsSync(generated) && readFileSync(generated, "utf8").includes(digest())) return;
  console.error("> compiling src/wasm/module");
  writeFileSync(generated, await compiledModule());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildModule();
