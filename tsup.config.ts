import { readFile } from "node:fs/promises";
import { defineConfig, type Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

/** Drops the indentation of the WGSL in `src/webgpu`. */
const unindented: Plugin = {
  name: "unindented",
  setup: ({ onLoad }) =>
    onLoad({ filter: /src.webgpu.[\w-]+\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replaceAll(/\n +/g, "\n"),
      loader: "ts",
    })),
};

export default defineConfig({
  entry: ["src/index.ts", "src/layers/index.ts", "src/wasm/index.ts", "src/webgpu/index.ts"],
  format: ["esm", "cjs"],
  splitting: true, // the entries share a file of each format
  dts: true,
  target: "es2022",
  clean: true,
  treeshake: true,
  esbuildPlugins: [unindented],
  esbuildOptions(options) {
    options.minifySyntax = true;
    // Drops the comments too; the documentation is in the types. Names stay, for stack traces, and lines
    // stay short, since Node prints the line that throws.
    options.minifyWhitespace = true;
    options.lineLimit = 500;
  },
});
