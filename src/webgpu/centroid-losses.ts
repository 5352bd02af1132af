import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type * as tf from "@tensorflow/tfjs-core";
import { type KernelCall, kernel } from "./program.ts";
import { EACH, type RowProgram, runRows } from "./row-program.ts";
import { softmaxStatements } from "./softmax.ts";

interface Attrs {
  crossEntropy: number;
  divergence: number;
  labelSmoothing: number;
}

/** How a form of the labels gives target and log-centroid of the column c. Expressions in WGSL. */
interface Labels {
  key: string;
  inputs: Record<string, tf.TensorInfo>;
  /** The class of the row, as `own`. */
  own: string;
  label: string;
  logCentroid: string;
  /** Whether the numbers behind both are finite. */
  check: string;
}

/** See `centroidLosses` of `src/ops`. */
function run(
  backend: WebGPUBackend,
  logits: tf.TensorInfo,
  { key, inputs, own, label, logCentroid, check }: Labels,
  { crossEntropy, divergence, labelSmoothing }: Attrs,
): tf.TensorInfo[] {
  const logP = "(shift(z(first + c), zMax) - zLog)";
  const smoothed = `(uniforms.keep * ${label} + uniforms.spread)`;
  const program: Omit<RowProgram, "value" | "entry"> = {
    key,
    inputs: { z: logits, ...inputs },
    uniforms: {
      a: crossEntropy,
      b: divergence,
      keep: 1 - labelSmoothing,
      spread: labelSmoothing / (logits.shape[1] as number),
    },
    body: `${softmaxStatements(["z"], (z) => `${z}(i)`)}
        let own = ${own};
        var kl = 0.0;
        var fit = 0.0;
        ${EACH} {
          let logP = ${logP};
          kl += exp(logP) * (logP - ${logCentroid});
          fit += ${smoothed} * shift(z(first + c), zMax);
          state = max(state, select(INVALID, VALID, ${check}));
        }
        state = rowMax(state);
        kl = rowSum(kl);
        fit = rowSum(fit);`,
  };
  return [
    runRows(backend, {
      ...program,
      value: "infiniteIfHuge(uniforms.a * (zLog - fit)) + uniforms.b * kl",
    }),
    runRows(backend, {
      ...program,
      entry: `exp(${logP}) * (uniforms.a + uniforms.b * ((${logP} - ${logCentroid}) - kl)) -
          uniforms.a * ${smoothed}`,
    }),
  ];
}

export const centroidLossesKernel = kernel(
  "KdCmiCentroidLosses",
  ({ inputs, backend, attrs }: KernelCall<"targets" | "logits" | "logCentroids", Attrs>) => {
    const labels: Labels = {
      key: "centroidLosses",
      inputs: { t: inputs.targets, q: inputs.logCentroids },
      own: "0",
      label: "t(first + c)",
      logCentroid: "q(first + c)",
      check: "isFinite(t(first + c)) && isFinite(q(first + c))",
    };
    return run(backend, inputs.logits, labels, attrs);
  },
);

export const classCentroidLossesKernel = kernel(
  "KdCmiClassCentroidLosses",
  ({ inputs, backend, attrs }: KernelCall<"classes" | "logits" | "centroids", Attrs>) => {
    const labels: Labels = {
      key: "classCentroidLosses",
      inputs: { y: inputs.classes, q: inputs.centroids },
      own: "clamp(y(row), 0, columns - 1)",
      label: "select(0.0, 1.0, c == own)",
      logCentroid: "log(max(q(own * columns + c), 1e-37))",
      check: "isFinite(q(own * columns + c))",
    };
    return run(backend, inputs.logits, labels, attrs);
  },
);
