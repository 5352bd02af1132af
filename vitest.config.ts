import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { chromiumLaunchOptions } from "./scripts/chromium.ts";
import { type Backend, backends } from "./test/backends.ts";

const MODE_OF_ALL_TESTS = "all"; // vitest --mode all

const projectOf = (backend: Backend, runsBroadTests: boolean): TestProjectConfiguration => ({
  extends: true,
  optimizeDeps: {
    include: [
      "@tensorflow/tfjs-core",
      "@tensorflow/tfjs-core/dist/register_all_gradients",
      "@tensorflow/tfjs-data",
      "@tensorflow/tfjs-layers",
      "@tensorflow/tfjs-backend-webgl",
      "@tensorflow/tfjs-backend-webgpu",
      "fast-check",
    ],
  },
  test: {
    name: backend.name,
    include: [
      "test/{cam,distill,information,internal,layers,ops,teacher}/**/*.test.ts",
      "test/*.test.ts",
    ],
    setupFiles: ["test/start-backend.ts"],
    provide: { backend },
    tags: [{ name: "broad", skip: !runsBroadTests }],
    isolate: backend.name === "webgpu",
    ...(backend.host === "chromium" && {
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: chromiumLaunchOptions }),
        instances: [{ browser: "chromium" as const }],
      },
    }),
  },
});

export default defineConfig(({ mode }) => ({
  resolve: { tsconfigPaths: true }, // examples and experiments import kd-cmi by its name
  test: {
    maxWorkers: 2,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    projects: [
      ...backends.map((backend) =>
        projectOf(backend, mode === MODE_OF_ALL_TESTS || !backend.isSoftwareGpu),
      ),
      {
        extends: true,
        test: {
          name: "node",
          include: ["test/{wasm,checkpoint,examples,experiments,package}/**/*.test.ts"],
        },
      },
    ],
  },
}));
