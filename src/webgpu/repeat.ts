import type { Layout } from "../internal/layout.ts";
import { REPEAT } from "../internal/network-gradients.ts";
import { type KernelCall, kernel, runProgram } from "./program.ts";

interface Attrs {
  shape: number[];
  layout: Layout;
  factor: number;
}

/** x repeated along neighbouring axes of size 1 or missing, times a factor: out of a given shape. */
export const repeatKernel = kernel(
  REPEAT,
  ({ inputs: { x }, backend, attrs }: KernelCall<"x", Attrs>) => {
    const [, middle, inner] = attrs.layout;
    return runProgram(backend, {
      key: "repeat",
      inputs: { x },
      outputShape: attrs.shape,
      uniforms: { middle, inner, factor: attrs.factor },
      code: `
        fn main(index : i32) {
          if (index >= uniforms.size) { return; }
          let inner = i32(uniforms.inner);
          let outer = index / (inner * i32(uniforms.middle));
          result[index] = uniforms.factor * x(outer * inner + index % inner);
        }`,
    });
  },
);
