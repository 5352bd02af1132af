import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { buildModule } from "./scripts/build-wasm.mjs";
import { chromiumLaunchOptions } from "./scripts/chromium.ts";
import { type Backend, backends } from "./test/backends.ts";

/** The tag of tests that software GPUs skip. Reporters count them as skipped. */
const tags = (skip: boolean) => [
  { name: "broad", description: "Skipped on software GPUs, except in npm run test:all.", skip },
  { name: "float16", description: "Also runs with 16-bit floats on webgl." },
];

/** All tests of the library. */
const allTests = [
  "test/{cam,distill,information,internal,layers,ops,teacher}/**/*.test.ts",
  "test/*.test.ts",
];

/** The tests of the kernels of kd-cmi/webgpu and of the functions that use them. */
const kernelTests = [
  "test/webgpu/*.test.ts",
  "test/{information,teacher}/*.test.ts",
  "test/distill/{logits,self-supervised}/*.test.ts",
  "test/distill/contrast/*crd-loss.test.ts",
  "test/distill/relations/{similarity,pkt}-loss.test.ts",
  "test/{edges,nan}.test.ts",
];

/** The tests of functions that compute losses, on wasm with the kernels of kd-cmi/wasm. */
const trainingKernelTests = [
  "test/{distill,information,ops,teacher}/**/*.test.ts",
  "test/{edges,nan}.test.ts",
];

/** The folders of tests tagged `float16`. */
const float16Tests = ["test/{cam,distill,information,teacher}/**/*.test.ts", "test/*.test.ts"];

const testsOf = ({ hasLossKernels, hasTrainingKernels, isFloat16 }: Backend): string[] => {
  if (hasLossKernels) return kernelTests;
  if (isFloat16) return float16Tests;
  return hasTrainingKernels ? trainingKernelTests : allTests;
};

const projectOf = (backend: Backend, isAll: boolean): TestProjectConfiguration => ({
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
      ...testsOf(backend),
      // The list of known faults is that of cpu and wasm, without kernels of our own.
      ...(backend.isSoftwareGpu || backend.hasTrainingKernels ? [] : ["test/fuzz/*.test.ts"]),
    ],
    exclude: ["test/webgpu/register*.test.ts"],
    setupFiles: ["test/start-backend.ts"],
    provide: { backend },
    tags: tags(backend.isSoftwareGpu && !isAll),
    // One page or process for all files: the backend starts once and compiles each shader once.
    isolate: false,
    ...(backend.host === "chromium" && {
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        fileParallelism: false,
        provider: playwright({ launchOptions: chromiumLaunchOptions }),
        instances: [{ browser: "chromium" as const }],
      },
    }),
  },
});

await buildModule();

export default defineConfig(({ mode }) => ({
  resolve: { tsconfigPaths: true }, // examples and experiments import kd-cmi by its name
  test: {
    maxWorkers: "100%",
    // These only end what hangs: a loaded machine takes many times the usual time.
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    projects: [
      ...backends.map((backend) => projectOf(backend, mode === "all")),
      {
        extends: true,
        test: {
          name: "node",
          include: [
            "test/{bench,wasm,checkpoint,examples,experiments,faults,package,playground}/**/*.test.ts",
            "test/webgpu/register*.test.ts",
          ],
          tags: tags(mode !== "all"), // only on tests that start a software GPU
        },
      },
      {
        extends: true,
        test: {
          name: "site",
          include: ["test/site/**/*.test.ts"],
          tags: tags(mode !== "all" && mode !== "site"), // on tests of all pages
        },
      },
    ],
  },
}));
