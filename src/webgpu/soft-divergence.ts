import type * as tf from "@tensorflow/tfjs-core";
import { type KernelCall, kernel } from "./program.ts";
import { EACH, runRows } from "./row-program.ts";
import { softmaxStatements } from "./softmax.ts";

/**
 * `term(p, x, q)` = p x + q − p with x = log p − log q, a term of a divergence that is never negative:
 * for small |x| by the series p x² (1/2 − x/6 + x²/24 − x³/120), without cancellation.
 */
export const TERM = `
      fn term(p : f32, x : f32, q : f32) -> f32 {
        let series = p * x * x * (0.5 - x * (1.0 / 6.0 - x * (1.0 / 24.0 - x / 120.0)));
        return select(p * x + (q - p), series, abs(x) < 0.2);
      }`;

/** See `softDivergence` of `src/ops`. */
function softDivergence(
  call: KernelCall<"target" | "logits", { temperature: number }>,
): tf.TensorInfo[] {
  const { target, logits } = call.inputs;
  const { temperature } = call.attrs;
  const softmaxes = softmaxStatements(["t", "s"], (z) => `${z}(i) * uniforms.inverse`);
  const at = (z: string) => `shift(${z}(first + c) * uniforms.inverse, ${z}Max)`;
  const losses = runRows(call.backend, {
    key: "softDivergence",
    inputs: { t: target, s: logits },
    uniforms: { inverse: 1 / temperature, factor: temperature ** 2 },
    functions: TERM,
    body: `${softmaxes}
        var kl = 0.0;
        ${EACH} {
          let a = ${at("t")};
          let b = ${at("s")};
          kl += term(exp(a - tLog), (a - b) - (tLog - sLog), exp(b - sLog));
        }
        kl = rowSum(kl);`,
    value: "infiniteIfHuge(kl) * uniforms.factor",
  });
  const slopes = runRows(call.backend, {
    key: "softDivergence",
    inputs: { t: target, s: logits },
    uniforms: { inverse: 1 / temperature, factor: temperature },
    body: softmaxes,
    entry: `(exp(${at("s")} - sLog) - exp(${at("t")} - tLog)) * uniforms.factor`,
  });
  return [losses, slopes];
}

export const softDivergenceKernel = kernel("KdCmiSoftDivergence", softDivergence);
