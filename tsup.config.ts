import { defineConfig } from "tsup";
import { withoutComments } from "./scripts/without-comments.ts";

export default defineConfig({
  entry: ["src/index.ts", "src/layers/index.ts", "src/wasm/index.ts", "src/webgpu/index.ts"],
  format: ["esm", "cjs"],
  splitting: true, // the entries share a file of each format
  dts: true,
  target: "es2022",
  clean: true,
  treeshake: true,
  esbuildOptions(options) {
    options.minifySyntax = true; // shorter, but still readable
  },
  // The documentation is in the types. Comments of the code would be a fifth of it.
  plugins: [{ name: "no-comments", renderChunk: (code) => ({ code: withoutComments(code) }) }],
});
