import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, expect, test } from "vitest";
import { fileCheckpoint } from "../../src/layers/index.ts";
import { remove, root, temporaryFolder } from "../package/support.ts";

const folder = temporaryFolder();
afterAll(() => remove(folder));

test("keeps the last checkpoint, and no other file", async () => {
  const store = fileCheckpoint(join(folder, "a"));
  expect(await store.read()).toBeUndefined();
  writeFileSync(join(folder, "a.tmp"), "of a run that was killed");
  expect(await store.read()).toBeUndefined();
  // Without waiting, as in a training loop that continues meanwhile.
  await Promise.all([1, 2, 3].map((i) => store.write(new Uint8Array(10_000 / i).fill(i))));
  expect(Uint8Array.from((await store.read())!)).toEqual(new Uint8Array(3333).fill(3));
  expect(readdirSync(folder)).toEqual(["a"]);
});

test("passes on the errors of the system, and works after them", async () => {
  const inner = join(folder, "inner");
  const store = fileCheckpoint(join(inner, "a"));
  await expect(store.write(Uint8Array.of(1))).rejects.toThrow(/ENOENT.*inner/);
  mkdirSync(inner);
  await store.write(Uint8Array.of(2));
  expect(existsSync(join(inner, "a"))).toBe(true);
  await expect(fileCheckpoint(folder).read()).rejects.toThrow("EISDIR");
});

test("a bundler for browsers does not resolve Node's modules", async () => {
  const { outputFiles, warnings } = await build({
    entryPoints: [join(root, "src/layers/index.ts")],
    bundle: true,
    minify: true, // which joins constants
    write: false,
    platform: "browser",
    format: "esm",
    external: ["@tensorflow/*"],
  });
  expect(warnings).toEqual([]);
  expect(outputFiles[0]!.text).toMatch(/import\(\s*(\/\*[^*]*\*\/\s*)*`\$\{\w+\(\)\}:fs/);
});
