import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type * as tf from "@tensorflow/tfjs-core";
import { runProgram } from "./program.ts";

/** A program over rows of matrices [N, C]. A group of threads computes each row. */
export interface RowProgram {
  key: string;
  /** The first one is a matrix [N, C], which gives N and C. */
  inputs: Record<string, tf.TensorInfo>;
  uniforms?: Record<string, number>;
  /** Functions of the body. */
  functions?: string;
  /**
   * Statements that end with a value for the row or for each entry. They may use `row`, `first` (the
   * index of the row's first entry), `lane`, `columns` and {@link EACH}, and call `rowMax` and `rowSum`,
   * which combine a number of each thread, outside of branches. A row that `state` does not mark as
   * `VALID` gives NaN.
   */
  body: string;
  /** An expression: the result of the row. The shape is [N, 1]. */
  value?: string;
  /** An expression of the column c: the result of each entry. The shape is [N, C]. */
  entry?: string;
  /** Default float32. An int32 result has the shape [N]. */
  dtype?: "float32" | "int32";
}

/** Begins a loop of a thread over its columns c, where `i` is the index of the entry. */
export const EACH = "for (var c = lane; c < columns; c += LANES)";

/** Threads for a row of this many columns, a power of 2. Few for short rows, which share a workgroup. */
function lanesOf(columns: number): number {
  if (columns <= 16) return 1;
  if (columns <= 128) return 8;
  return columns < 4096 ? 64 : 256;
}

/** The smallest number of threads in a workgroup. */
const WORKGROUP = 64;

/** Runs a program over rows in one dispatch. */
export function runRows(backend: WebGPUBackend, program: RowProgram): tf.TensorInfo {
  const { key, inputs, uniforms, functions = "", body, value, entry, dtype } = program;
  const [rows, columns] = Object.values(inputs)[0]!.shape as [number, number];
  const shape = `uniforms.${Object.keys(inputs)[0]}DataShape`;
  const lanes = lanesOf(columns);
  const workgroupSize = Math.max(lanes, WORKGROUP);
  const invalid = dtype === "int32" ? "0" : "uniforms.NAN";
  const result = value
    ? `if (lane == 0) { result[row] = select(${invalid}, ${value}, state == VALID); }`
    : `${EACH} { result[first + c] = select(${invalid}, ${entry}, state == VALID); }`;
  const valueShape = dtype === "int32" ? [rows] : [rows, 1];
  return runProgram(backend, {
    key: `${key}_${value ? "value" : "entry"}_${lanes}`,
    inputs,
    outputShape: value ? valueShape : [rows, columns],
    dtype,
    uniforms,
    workgroups: Math.ceil((rows * lanes) / workgroupSize),
    workgroupSize,
    code: `
      const LANES = ${lanes};
      const LOWEST = -3.4028234e38;
      // States of numbers and rows. That of a row is the largest of its numbers.
      const MASKED = 0.0;
      const VALID = 1.0;
      const INVALID = 2.0;
      var<private> lane : i32;
      ${combine("rowMax", "max(a, b)", lanes, workgroupSize)}
      ${combine("rowSum", "a + b", lanes, workgroupSize)}
      // Compilers may assume that no number is NaN or infinite, so bits are compared.
      fn isFinite(x : f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) < 0x7f800000u; }
      // -infinity masks a logit.
      fn stateOf(x : f32) -> f32 {
        return select(select(INVALID, MASKED, bitcast<u32>(x) == 0xff800000u), VALID, isFinite(x));
      }
      fn shift(x : f32, largest : f32) -> f32 { return max(x - largest, -1e30); }
      // See infiniteIfHuge of src/ops.
      fn infiniteIfHuge(x : f32) -> f32 { return select(x, uniforms.INFINITY, x >= 1e20); }
      ${functions}
      fn main(index : i32) {
        let rows = ${shape}[0];
        let columns = ${shape}[1];
        // Surplus threads repeat the last row, because all threads must reach each barrier.
        let row = min(index / LANES, rows - 1);
        let first = row * columns;
        lane = index % LANES;
        ${body}
        ${result}
      }`,
  });
}

/** A function that combines a number of each thread of a row. Every thread gets the result. */
function combine(name: string, operation: string, lanes: number, workgroupSize: number): string {
  if (lanes === 1) return `fn ${name}(x : f32) -> f32 { return x; }`;
  return `
      var<workgroup> ${name}Of : array<f32, ${workgroupSize}>;
      fn ${name}(x : f32) -> f32 {
        let thread = i32(localId.x);
        workgroupBarrier();
        ${name}Of[thread] = x;
        workgroupBarrier();
        for (var half = LANES / 2; half > 0; half = half / 2) {
          if (lane < half) {
            let a = ${name}Of[thread];
            let b = ${name}Of[thread + half];
            ${name}Of[thread] = ${operation};
          }
          workgroupBarrier();
        }
        return ${name}Of[thread - lane];
      }`;
}
