import type * as tf from "@tensorflow/tfjs-core";
import { type KernelCall, kernel } from "./program.ts";
import { EACH, runRows } from "./row-program.ts";

/**
 * Both outcomes of a logit, and the terms of a divergence: see `src/ops/binary-divergence.ts`, which has the
 * formulas. A logit of ±∞ counts as ±1e30.
 */
const FUNCTIONS = `
      const NEAR = 0.25;
      struct Outcomes { yes : f32, no : f32, bendYes : f32, bendNo : f32, curve : f32 };
      fn isNumber(x : f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) <= 0x7f800000u; }
      fn scaled(x : f32) -> f32 {
        let infinite = select(-1e30, 1e30, bitcast<u32>(x) < 0x80000000u);
        return select(infinite, x * uniforms.inverse, isFinite(x));
      }
      fn outcomes(z : f32) -> Outcomes {
        let e = exp(-abs(z));
        let large = 1.0 / (1.0 + e);
        let small = e * large;
        let curve = select(log(1.0 + e), e * (1.0 - 0.5 * e), e < 1e-3);
        let isYes = z > 0.0;
        return Outcomes(
          select(small, large, isYes), select(large, small, isYes), max(-z, 0.0), max(z, 0.0), curve);
      }
      // p x + q - p, where x = log p - log q.
      fn share(p : f32, q : f32, x : f32) -> f32 {
        let y = clamp(x, -NEAR, NEAR);
        let near = p * y * y * (0.5 - y * (1.0 / 6.0 - y * (1.0 / 24.0 - y / 120.0)));
        let far = select(p * x, 0.0, p == 0.0) + (q - p);
        return select(far, near, abs(x) < NEAR);
      }
      // The difference of two logits, which would lose digits after their division by T.
      fn difference(x : f32, y : f32) -> f32 {
        return select(scaled(y) - scaled(x), (y - x) * uniforms.inverse, isFinite(x) && isFinite(y));
      }
      fn divergence(x : f32, y : f32) -> f32 {
        let t = outcomes(scaled(x));
        let s = outcomes(scaled(y));
        let curve = s.curve - t.curve;
        let far = share(t.yes, s.yes, s.bendYes - t.bendYes + curve) +
          share(t.no, s.no, s.bendNo - t.bendNo + curve);
        let d = clamp(difference(x, y), -NEAR, NEAR);
        let w = t.yes * t.no;
        let even = 0.5 + d * d * (1.0 / 24.0 - 0.25 * w);
        let odd = (t.no - t.yes) * d * (1.0 / 6.0 + d * d * (1.0 / 120.0 - 0.1 * w));
        return select(far, w * d * d * (even + odd), abs(d) < NEAR);
      }
      // s - t of the probabilities: from the smaller one of each pair, and for a small difference d of the
      // logits as w g / (1 + p g), g = exp(d) - 1.
      fn change(x : f32, y : f32) -> f32 {
        let t = outcomes(scaled(x));
        let s = outcomes(scaled(y));
        let d = clamp(difference(x, y), -NEAR, NEAR);
        let g = d * (1.0 + d / 2.0 * (1.0 + d / 3.0 * (1.0 + d / 4.0 * (1.0 + d / 5.0))));
        let near = t.yes * t.no * g / (1.0 + t.yes * g);
        let far = t.no * (s.yes - t.yes) + t.yes * (t.no - s.no);
        return select(far, near, abs(d) < NEAR);
      }`;

/** See `binaryDivergence` of `src/ops`. */
function binaryDivergence(
  call: KernelCall<"target" | "logits", { temperature: number }>,
): tf.TensorInfo[] {
  const { target, logits } = call.inputs;
  const { temperature } = call.attrs;
  const share = temperature / (logits.shape[1] as number);
  const both = "t(first + c), s(first + c)";
  const areNumbers = "isNumber(t(first + c)) && isNumber(s(first + c))";
  const program = {
    key: "binaryDivergence",
    inputs: { t: target, s: logits },
    functions: FUNCTIONS,
  };
  const losses = runRows(call.backend, {
    ...program,
    uniforms: { inverse: 1 / temperature, factor: temperature * share },
    body: `
        var state = VALID;
        var sum = 0.0;
        ${EACH} {
          sum += divergence(${both});
          state = max(state, select(INVALID, VALID, ${areNumbers}));
        }
        state = rowMax(state);
        sum = rowSum(sum);`,
    value: "infiniteIfHuge(sum) * uniforms.factor",
  });
  const slopes = runRows(call.backend, {
    ...program,
    uniforms: { inverse: 1 / temperature, factor: share },
    body: "let state = VALID;",
    entry: `select(uniforms.NAN, change(${both}) * uniforms.factor, ${areNumbers})`,
  });
  return [losses, slopes];
}

export const binaryDivergenceKernel = kernel("KdCmiBinaryDivergence", binaryDivergence);
