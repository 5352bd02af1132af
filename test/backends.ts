/** A backend that all tests of the library run on. The Vitest configuration makes it a project. */
export interface Backend {
  /** Project name: `npx vitest run --project cpu`. */
  readonly name: string;
  /** The backend's name in tfjs. */
  readonly backend: "cpu" | "wasm" | "webgl" | "webgpu";
  readonly host: "node" | "chromium";
  /**
   * Runs on a GPU emulated by the CPU, which compiles each shader slowly. Tests tagged `broad` are
   * skipped there, except in `npm run test:all`: tables of shapes, property runs and training. Each
   * public function keeps its golden vectors, degenerate inputs, leak check and error checks.
   */
  readonly isSoftwareGpu: boolean;
  /** Tensors are textures of 16-bit floats, as on many phones. Only tests tagged `float16` run. */
  readonly isFloat16?: true;
  /** Relative tolerance against float64 references. GPU backends round their transcendentals. */
  readonly tolerance: number;
  /** Runs with the kernels of kd-cmi/webgpu: their tests and those of the functions that use them. */
  readonly hasLossKernels?: boolean;
  /** Runs with the kernels of kd-cmi/wasm. */
  readonly hasTrainingKernels?: boolean;
}

const cpu = { isSoftwareGpu: false, tolerance: 1e-4 };
const softwareGpu = { isSoftwareGpu: true, tolerance: 1e-3 };

export const backends: readonly Backend[] = [
  { name: "cpu", backend: "cpu", host: "node", ...cpu },
  { name: "wasm", backend: "wasm", host: "node", ...cpu },
  { name: "wasm-kernels", backend: "wasm", host: "node", hasTrainingKernels: true, ...cpu },
  { name: "webgpu", backend: "webgpu", host: "node", ...softwareGpu },
  { name: "webgpu-kernels", backend: "webgpu", host: "node", hasLossKernels: true, ...softwareGpu },
  { name: "chromium-webgl", backend: "webgl", host: "chromium", ...softwareGpu },
  {
    name: "chromium-webgl16",
    backend: "webgl",
    host: "chromium",
    isSoftwareGpu: true,
    isFloat16: true,
    tolerance: 2e-2,
  },
  { name: "chromium-webgpu", backend: "webgpu", host: "chromium", ...softwareGpu },
  {
    name: "chromium-webgpu-kernels",
    backend: "webgpu",
    host: "chromium",
    hasLossKernels: true,
    ...softwareGpu,
  },
];

declare module "vitest" {
  export interface ProvidedContext {
    backend: Backend;
  }
}
