import type * as tf from "@tensorflow/tfjs-core";
import { type KernelCall, kernel } from "./program.ts";
import { EACH, runRows } from "./row-program.ts";
import { TERM } from "./soft-divergence.ts";

interface Attrs {
  alpha: number;
  beta: number;
  temperature: number;
}

const NETWORKS = ["t", "s"];
const each = (statements: (z: string) => string) => NETWORKS.map(statements).join(" ");
const at = (z: string) => `${z}(first + c) * uniforms.inverse`;
/** A logit other than the target's, relative to the largest of these. */
const other = (z: string) => `max(shift(${at(z)}, ${z}Max) - ${z}Rest, -1e30)`;

/**
 * Of each network: the largest logit `zMax`, relative to it the target's `zOwn` and the largest of the
 * others `zRest`, `zLog` = log Σ exp of the others relative to `zRest`, and the log odds `zOdds`.
 */
const BODY = `
        ${each((z) => `var ${z}Own = LOWEST; var ${z}Rest = LOWEST; var ${z}State = MASKED;`)}
        var state = VALID;
        ${EACH} {
          let isOwn = classes(first + c) > 0.5;
          state = max(state, select(INVALID, VALID, isFinite(classes(first + c))));
          ${each(
            (z) => `{
            let x = ${at(z)};
            ${z}Own = max(${z}Own, select(LOWEST, x, isOwn));
            ${z}Rest = max(${z}Rest, select(x, LOWEST, isOwn));
            ${z}State = max(${z}State, stateOf(x));
          }`,
          )}
        }
        state = rowMax(state);
        ${each(
          (z) => `
          ${z}Own = rowMax(${z}Own);
          ${z}Rest = rowMax(${z}Rest);
          state = max(state, select(INVALID, VALID, rowMax(${z}State) == VALID));
          let ${z}Max = max(${z}Own, ${z}Rest);
          ${z}Own = shift(${z}Own, ${z}Max);
          ${z}Rest = shift(${z}Rest, ${z}Max);
          var ${z}Log = 0.0;`,
        )}
        ${EACH} {
          let isOwn = classes(first + c) > 0.5;
          ${each((z) => `${z}Log += select(exp(${other(z)}), 0.0, isOwn);`)}
        }
        ${each(
          (z) => `
          ${z}Log = log(max(rowSum(${z}Log), 1e-37));
          let ${z}Odds = ${z}Own - (${z}Rest + ${z}Log);`,
        )}`;

const FUNCTIONS = `${TERM}
      fn log1p(e : f32) -> f32 { return select(log(1.0 + e), e * (1.0 - e * (0.5 - e / 3.0)), e < 0.01); }
      fn logSigmoid(x : f32) -> f32 { return min(x, 0.0) - log1p(exp(-abs(x))); }
      fn sigmoid(x : f32) -> f32 { return exp(logSigmoid(x)); }`;

/** See `decoupledDivergence` of `src/ops`. */
function decoupledDivergence(
  call: KernelCall<"classes" | "teacher" | "logits", Attrs>,
): tf.TensorInfo[] {
  const { classes, teacher, logits } = call.inputs;
  const { alpha, beta, temperature } = call.attrs;
  const inputs = { classes, t: teacher, s: logits };
  const losses = runRows(call.backend, {
    key: "decoupledDivergence",
    inputs,
    uniforms: {
      inverse: 1 / temperature,
      alpha: alpha * temperature ** 2,
      beta: beta * temperature ** 2,
    },
    functions: FUNCTIONS,
    body: `${BODY}
        let tckd = term(sigmoid(tOdds), logSigmoid(tOdds) - logSigmoid(sOdds), sigmoid(sOdds)) +
          term(sigmoid(-tOdds), logSigmoid(-tOdds) - logSigmoid(-sOdds), sigmoid(-sOdds));
        var nckd = 0.0;
        ${EACH} {
          let a = ${other("t")};
          let b = ${other("s")};
          let one = term(exp(a - tLog), (a - b) - (tLog - sLog), exp(b - sLog));
          nckd += select(one, 0.0, classes(first + c) > 0.5);
        }
        nckd = rowSum(nckd);`,
    value: "uniforms.alpha * infiniteIfHuge(tckd) + uniforms.beta * infiniteIfHuge(nckd)",
  });
  const slopes = runRows(call.backend, {
    key: "decoupledDivergence",
    inputs,
    uniforms: {
      inverse: 1 / temperature,
      alpha: alpha * temperature,
      beta: beta * temperature,
    },
    functions: `${FUNCTIONS}
      fn slope(isOwn : bool, p : f32, q : f32, pull : f32) -> f32 {
        return select(-pull * q + uniforms.beta * (q - p), pull, isOwn);
      }`,
    body: `${BODY}
        let pull = uniforms.alpha * (sigmoid(sOdds) - sigmoid(tOdds));`,
    entry: `slope(classes(first + c) > 0.5, exp(${other("t")} - tLog), exp(${other("s")} - sLog), pull)`,
  });
  return [losses, slopes];
}

export const decoupledDivergenceKernel = kernel("KdCmiDecoupledDivergence", decoupledDivergence);
