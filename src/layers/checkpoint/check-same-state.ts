import type { TensorSpec } from "./named-tensor.ts";
import type { OptimizerState } from "./optimizer-state.ts";
import { isSlot } from "./optimizer-state.ts";

/** The structure of a training state. */
export interface Structure {
  optimizer?: OptimizerState | undefined;
  tensors: readonly TensorSpec[];
}

/**
 * Checks the complete structure of a state against a checkpoint, before anything is changed. Slots of
 * the optimizer may be missing on both sides, and tensors in the state.
 */
export function checkSameState(fn: string, saved: Structure, given: Structure): void {
  compare(fn, "state.optimizer", saved.optimizer?.className, given.optimizer?.className);
  const [expected, got] = [saved, given].map(({ optimizer }) => JSON.stringify(optimizer?.config));
  compare(fn, "options of state.optimizer", expected, got);
  const savedSpecs = describeByPath(saved);
  const givenSpecs = describeByPath(given);
  for (const [path, spec] of savedSpecs) {
    if (givenSpecs.has(path) || path.startsWith("models/")) {
      compare(fn, path, spec, givenSpecs.get(path));
    }
  }
  for (const [path, spec] of givenSpecs) {
    if (!isSlot(path)) compare(fn, path, savedSpecs.get(path), spec);
  }
}

const describeByPath = ({ tensors }: Structure) =>
  new Map(tensors.map(({ path, dtype, shape }) => [path, `${dtype} [${shape}]`]));

function compare(fn: string, name: string, expected = "none", got = "none"): void {
  if (expected === got) return;
  throw new Error(`${fn}: ${name} must be as in the checkpoint, ${expected}, got ${got}`);
}
