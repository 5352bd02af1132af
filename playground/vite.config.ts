import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** `npm run build:playground` writes static files with relative addresses to playground/dist. */
export default defineConfig({
  root: here("."),
  base: "./",
  resolve: { tsconfigPaths: true }, // kd-cmi by its name
  build: {
    target: "es2022",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 3000, // TensorFlow.js, in the worker alone
  },
  worker: { format: "es" },
});
