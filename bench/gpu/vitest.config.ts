/** The tests of the library on webgpu, on the GPU of a machine that has no browser. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { backends } from "../../test/backends.ts";

const software = process.env.KD_CMI_SOFTWARE_GPU === "1";

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  resolve: { tsconfigPaths: true },
  test: {
    testTimeout: 120_000,
    projects: backends
      .filter(({ name }) => name === "webgpu" || name === "webgpu-kernels")
      .map((backend) => ({
        extends: true as const,
        test: {
          name: backend.name,
          include: [
            "test/{cam,distill,information,teacher}/**/*.test.ts",
            "test/{edges,nan}.test.ts",
          ],
          setupFiles: ["test/start-backend.ts"],
          provide: { backend: { ...backend, isSoftwareGpu: software } },
          tags: [
            { name: "broad", description: "Skipped on software GPUs.", skip: software },
            { name: "float16", description: "Also runs with 16-bit floats on webgl." },
          ],
          isolate: false,
        },
      })),
  },
});
