import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/layers/index.ts", "src/wasm/index.ts", "src/webgpu/index.ts"],
  format: ["esm", "cjs"],
  dts: true,
  target: "es2022",
  clean: true,
  treeshake: true,
});
