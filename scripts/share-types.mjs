// Lets the types of ES modules in dist refer to those of CommonJS, which are the same, so that the package
// contains them once. The other way round is not possible: CommonJS cannot import an ES module.
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
for (const path of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (!path.endsWith(".d.ts")) continue;
  const isEntry = basename(path) === "index.d.ts";
  if (isEntry) writeFileSync(join(dist, path), 'export * from "./index.cjs";\n');
  else rmSync(join(dist, path));
}
