import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type * as tf from "@tensorflow/tfjs-core";
import { MODULE, type ModuleFunctions } from "./module.generated.ts";

export type { ModuleFunctions };

const instances = new WeakMap<BackendWasm, ModuleFunctions | undefined>();

/**
 * The SIMD module that works in a backend's own memory, compiled at the first call. Undefined where the
 * backend does not show its memory or shares it between threads, and where WebAssembly has no SIMD.
 * Kernels then run without it.
 */
export function moduleOf(backend: BackendWasm): ModuleFunctions | undefined {
  if (!instances.has(backend)) {
    guardAllocation(backend);
    instances.set(backend, instantiate(backend));
  }
  return instances.get(backend);
}

function instantiate(backend: BackendWasm): ModuleFunctions | undefined {
  const { asm } = backend.wasm as { asm?: { memory?: WebAssembly.Memory } };
  if (!asm?.memory) return undefined;
  try {
    const digits = MODULE.match(/../g)!;
    const bytes = Uint8Array.from(digits, (pair) => Number.parseInt(pair, 16));
    const module = new WebAssembly.Module(bytes); // throws without SIMD
    const { exports } = new WebAssembly.Instance(module, { env: { memory: asm.memory } }); // throws for shared memory
    return exports as unknown as ModuleFunctions;
  } catch {
    return undefined;
  }
}

/**
 * The address of a tensor in the backend's memory. It stays valid when the memory grows, unlike a typed
 * array.
 */
export const addressOf = (backend: BackendWasm, { dataId }: tf.TensorInfo): number =>
  backend.getMemoryOffset(dataId);

/**
 * Lets the backend throw when its memory, at most 4 GB, is exhausted. tfjs ignores that the allocation
 * failed and writes to address 0, which destroys other tensors.
 */
function guardAllocation(backend: BackendWasm): void {
  const wasm = backend.wasm as unknown as { _malloc?: GuardedMalloc; _free(address: number): void };
  if (!wasm._malloc || wasm._malloc.guardedBy === "kd-cmi") return;
  wasm._free(wasm._malloc(1)); // its first call replaces the function
  const malloc = wasm._malloc;
  const guarded: GuardedMalloc = (bytes) => {
    const address = malloc(bytes);
    if (address === 0 && bytes > 0) {
      throw new Error(
        `the wasm backend is out of memory: it needs ${bytes} more bytes for a tensor; ` +
          "use a smaller batch or network",
      );
    }
    return address;
  };
  guarded.guardedBy = "kd-cmi";
  wasm._malloc = guarded;
}

/** The property is visible to a second copy of this package. */
interface GuardedMalloc {
  (bytes: number): number;
  guardedBy?: "kd-cmi";
}
