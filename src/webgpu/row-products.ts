import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type * as tf from "@tensorflow/tfjs-core";
import { type KernelCall, kernel, runProgram } from "./program.ts";

/** Rows of both operands in a workgroup, which has a thread for each pair. */
const TILE = 16;

/** a · bᵀ, [N, D] and [M, D] → [N, M], without a transpose in memory. */
function rowProducts(backend: WebGPUBackend, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
  const [n, m] = [a.shape[0], b.shape[0]] as [number, number];
  const isGram = a.dataId === b.dataId; // a program binds each tensor once
  const right = isGram ? "a" : "b";
  return runProgram(backend, {
    key: isGram ? "gram" : "rowProducts",
    inputs: isGram ? { a } : { a, b },
    outputShape: [n, m],
    workgroups: Math.ceil(n / TILE) * Math.ceil(m / TILE),
    workgroupSize: TILE * TILE,
    code: `
      const TILE = ${TILE};
      // One more column, so that threads read different memory banks.
      var<workgroup> left : array<array<f32, ${TILE + 1}>, ${TILE}>;
      var<workgroup> right : array<array<f32, ${TILE + 1}>, ${TILE}>;
      fn main(index : i32) {
        let n = uniforms.outShape[0];
        let m = uniforms.outShape[1];
        let d = uniforms.aDataShape[1];
        let across = (m + TILE - 1) / TILE;
        let tile = index / (TILE * TILE);
        let r = i32(localId.x) / TILE;
        let c = i32(localId.x) % TILE;
        let row = (tile / across) * TILE;
        let column = (tile % across) * TILE;
        var sum = 0.0;
        for (var k = 0; k < d; k += TILE) {
          let isInside = k + c < d;
          left[r][c] = select(0.0, a(min(row + r, n - 1) * d + k + c), isInside && row + r < n);
          right[r][c] = select(0.0, ${right}(min(column + r, m - 1) * d + k + c), isInside && column + r < m);
          workgroupBarrier();
          var part = 0.0;
          for (var i = 0; i < TILE; i++) { part += left[r][i] * right[c][i]; }
          sum += part;
          workgroupBarrier();
        }
        if (row + r < n && column + c < m) { result[(row + r) * m + column + c] = sum; }
      }`,
  });
}

export const rowProductsKernel = kernel(
  "KdCmiRowProducts",
  ({ inputs, backend }: KernelCall<"a" | "b", object>) => rowProducts(backend, inputs.a, inputs.b),
);

export const gramKernel = kernel("KdCmiGram", ({ inputs, backend }: KernelCall<"x", object>) =>
  rowProducts(backend, inputs.x, inputs.x),
);
