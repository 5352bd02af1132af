import type * as tf from "@tensorflow/tfjs-core";
import { type KernelCall, kernel } from "./program.ts";
import { EACH, type RowProgram, runRows } from "./row-program.ts";

/**
 * Statements that define `state`, and for each of the logits `z` the largest logit `zMax` and
 * `zLog` = log Σ exp(z − zMax). `at` gives the expression of a logit at index i.
 */
export function softmaxStatements(names: readonly string[], at: (name: string) => string): string {
  const each = (statements: (name: string) => string) => names.map(statements).join(" ");
  return `
        var state = MASKED;
        ${each((z) => `var ${z}Max = LOWEST; var ${z}State = MASKED;`)}
        ${EACH} {
          let i = first + c;
          ${each((z) => `{ let x = ${at(z)}; ${z}Max = max(${z}Max, x); ${z}State = max(${z}State, stateOf(x)); }`)}
        }
        ${each((z) => `${z}Max = rowMax(${z}Max); ${z}State = rowMax(${z}State);`)}
        // A row without a finite logit has no softmax.
        ${each((z) => `state = max(state, select(INVALID, VALID, ${z}State == VALID));`)}
        ${each((z) => `var ${z}Log = 0.0;`)}
        ${EACH} {
          let i = first + c;
          ${each((z) => `${z}Log += exp(shift(${at(z)}, ${z}Max));`)}
        }
        ${each((z) => `${z}Log = log(rowSum(${z}Log));`)}`;
}

function softmaxParts({ inputs, backend }: KernelCall<"logits", object>): tf.TensorInfo[] {
  const part = (key: string, result: Pick<RowProgram, "value" | "entry">) =>
    runRows(backend, {
      key: `softmax_${key}`,
      inputs: { logits: inputs.logits },
      body: softmaxStatements(["logits"], (z) => `${z}(i)`),
      ...result,
    });
  const shifted = "shift(logits(first + c), logitsMax)";
  return [
    part("p", { entry: `exp(${shifted} - logitsLog)` }),
    part("shifted", { entry: shifted }),
    part("log", { value: "logitsLog" }),
  ];
}

export const softmaxPartsKernel = kernel("KdCmiSoftmaxParts", softmaxParts);
