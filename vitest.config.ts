import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { chromiumLaunchOptions } from "./scripts/chromium.ts";
import { backends } from "./test/backends.ts";

const everyBackend: TestProjectConfiguration[] = backends.map((backend) => ({
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
}));

export default defineConfig({
  resolve: { tsconfigPaths: true }, // examples and experiments import kd-cmi by its name
  test: {
    testTimeout: 600_000,
    hookTimeout: 600_000,
    projects: [
      ...everyBackend,
      {
        extends: true,
        test: {
          name: "node",
          include: ["test/{wasm,checkpoint,examples,experiments,package}/**/*.test.ts"],
        },
      },
    ],
  },
});
