/** Every backend that the suites run on. The Vitest configuration makes one project of each. */
export interface Backend {
  /** Project name: `npx vitest run --project cpu`. */
  readonly name: string;
  /** The name tfjs knows the backend by. */
  readonly backend: "cpu" | "wasm" | "webgl" | "webgpu";
  readonly host: "node" | "chromium";
  /** Emulates a GPU on the processor, so that each shader takes long to compile. */
  readonly isSoftwareGpu: boolean;
  /** Relative tolerance against float64 references. GPU backends round their transcendentals. */
  readonly tolerance: number;
}

export const backends: readonly Backend[] = [
  { name: "cpu", backend: "cpu", host: "node", isSoftwareGpu: false, tolerance: 1e-4 },
  { name: "wasm", backend: "wasm", host: "node", isSoftwareGpu: false, tolerance: 1e-4 },
  { name: "webgpu", backend: "webgpu", host: "node", isSoftwareGpu: true, tolerance: 1e-3 },
  {
    name: "chromium-webgl",
    backend: "webgl",
    host: "chromium",
    isSoftwareGpu: true,
    tolerance: 1e-3,
  },
  {
    name: "chromium-webgpu",
    backend: "webgpu",
    host: "chromium",
    isSoftwareGpu: true,
    tolerance: 1e-3,
  },
];

declare module "vitest" {
  export interface ProvidedContext {
    backend: Backend;
  }
}
