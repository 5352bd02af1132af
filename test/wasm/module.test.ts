import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-wasm";
import { build } from "esbuild";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { compiledModule } from "../../scripts/build-wasm.mjs";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { MODULE } from "../../src/wasm/module.generated.ts";
import { addressOf, moduleOf } from "../../src/wasm/module.ts";
import { root } from "../package/support.ts";
import { expectClose, random } from "./support.ts";

beforeAll(async () => {
  registerTrainingKernels();
  await tf.setBackend("wasm");
});

const backend = () => tf.backend() as BackendWasm;
const wasm = () => backend().wasm as unknown as { asm: { memory?: WebAssembly.Memory } };

/** A backend that differs in what its module shows of itself. */
const backendWith = (memory: WebAssembly.Memory | undefined) =>
  ({ wasm: { asm: { memory } } }) as unknown as BackendWasm;

test("is what its sources compile to", async () => {
  const path = new URL("../../src/wasm/module.generated.ts", import.meta.url);
  expect(await compiledModule()).toBe(readFileSync(path, "utf8"));
});

test("imports a memory, and holds neither a memory nor data of its own", () => {
  const module = new WebAssembly.Module(Buffer.from(MODULE, "hex"));
  expect(WebAssembly.Module.imports(module)).toEqual([
    { module: "env", name: "memory", kind: "memory" },
  ]);
  const kinds = WebAssembly.Module.exports(module).map(({ kind }) => kind);
  expect(new Set(kinds)).toEqual(new Set(["function"]));
});

describe("moduleOf", () => {
  afterEach(() => vi.restoreAllMocks());

  test("is instantiated once for a backend", () => {
    expect(moduleOf(backend())).toBeDefined();
    expect(moduleOf(backend())).toBe(moduleOf(backend()));
  });

  test("is absent if the backend does not show its memory", () => {
    expect(moduleOf(backendWith(undefined))).toBeUndefined();
    expect(moduleOf({ wasm: {} } as BackendWasm)).toBeUndefined();
  });

  test("is absent if the memory is shared between threads", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
    expect(moduleOf(backendWith(memory))).toBeUndefined();
  });

  test("is absent without SIMD", () => {
    vi.spyOn(WebAssembly, "Module").mockImplementation(function Module() {
      throw new WebAssembly.CompileError("invalid opcode 0xfd");
    });
    expect(moduleOf(backendWith(wasm().asm.memory))).toBeUndefined();
  });
});

test("works in memory that has grown and moved", async () => {
  const x = random([64, 16], 1);
  const expected = await tf.tidy(() => tf.sum(tf.mul(x, x), 0)).data();
  const before = wasm().asm.memory!.buffer;
  const large = tf.zeros([before.byteLength / 4]);
  expect(wasm().asm.memory!.buffer).not.toBe(before);
  const above = tf.mul(x, 1);
  expect(addressOf(backend(), above)).toBeGreaterThan(0);
  const actual = await tf.tidy(() => tf.sum(tf.mul(above, above), 0)).data();
  expectClose([...actual], [...expected]);
  tf.dispose([x, large, above]);
});

test("a tensor above 2 GB has a positive address", () => {
  // A signed 32-bit address would be negative.
  const data = { memoryOffset: 3_000_000_000 };
  const high = { getMemoryOffset: () => data.memoryOffset } as unknown as BackendWasm;
  const module = moduleOf(backend())!;
  const tensor = { dataId: {}, shape: [1], dtype: "float32" as const };
  expect(() => module.repeatColumn(addressOf(high, tensor), 0, 1, 1, 1)).toThrow(
    WebAssembly.RuntimeError,
  );
});

test("throws when the memory is exhausted, and leaves other tensors as they are", async () => {
  const x = random([1000], 1);
  const before = await x.data();
  const gigabytes: tf.TensorInfo[] = [];
  const allocate = () => {
    for (let i = 0; i < 5; i++) gigabytes.push(backend().makeOutput([2 ** 28], "float32"));
  };
  expect(allocate).toThrow("the wasm backend is out of memory: it needs 1073741824 more bytes");
  expect(await x.data()).toEqual(before);
  for (const { dataId } of gigabytes) backend().disposeData(dataId);
  expect([...(await tf.tidy(() => tf.add(x, 1)).data())]).toEqual(
    [...before].map((value) => Math.fround(value + 1)),
  );
  x.dispose();
});

test("works in a worker", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import * as tf from "@tensorflow/tfjs-core";
        import "@tensorflow/tfjs-backend-wasm";
        import { parentPort } from "node:worker_threads";
        import { registerTrainingKernels } from "./src/wasm/index.ts";
        import { moduleOf } from "./src/wasm/module.ts";
        registerTrainingKernels();
        tf.setBackend("wasm").then(() => {
          const sum = tf.sum(tf.tensor2d([[1, 2], [3, 4]]), 0).arraySync();
          parentPort.postMessage({ sum, hasModule: moduleOf(tf.backend()) !== undefined });
        });`,
      resolveDir: root,
    },
    bundle: true,
    platform: "node",
    external: ["@tensorflow/*"],
    write: false,
  });
  const worker = new Worker(outputFiles[0]!.text, { eval: true });
  const message = await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  await worker.terminate();
  expect(message).toEqual({ sum: [4, 6], hasModule: true });
});
