import * as tf from "@tensorflow/tfjs-core";
import { assignLearningRate, learningRateOf } from "../learning-rate/set-learning-rate.ts";
import type { NamedTensor } from "./named-tensor.ts";
import type { SlotVariables } from "./slot-variables.ts";

/** The state of an optimizer apart from its tensors. */
export interface OptimizerState {
  className: string;
  /** Options that are constant in training. */
  config: Record<string, unknown>;
  iterations: number;
  learningRate: number;
  /** Names of the slot variables in each list, one for each weight. */
  slots: Record<string, string[]>;
  /**
   * Paths of the variables of the slots; null for a variable outside the state. Undefined if no
   * Distiller, step or callback of this library has used the optimizer.
   */
  variables?: (string | null)[] | undefined;
}

/** The private fields of a tfjs optimizer that hold its state. */
interface Fields {
  /** Scalars that change with each step. */
  scalars: readonly string[];
  /** Lists with a variable for each weight, filled at the first step. */
  lists: readonly string[];
}

/*
 * By name and not by getWeights/setWeights. Adamax lacks them. For Adam they recompute the powers of
 * beta by pow instead of products, which differs in the last bits. None of them include the learning
 * rate.
 */
const FIELDS: Record<string, Fields> = {
  SGD: { scalars: [], lists: [] },
  Momentum: { scalars: [], lists: ["accumulations"] },
  Adagrad: { scalars: [], lists: ["accumulatedGrads"] },
  Adadelta: { scalars: [], lists: ["accumulatedGrads", "accumulatedUpdates"] },
  RMSProp: {
    scalars: [],
    lists: ["accumulatedMeanSquares", "accumulatedMoments", "accumulatedMeanGrads"],
  },
  Adam: {
    scalars: ["accBeta1", "accBeta2"],
    lists: ["accumulatedFirstMoment", "accumulatedSecondMoment"],
  },
  Adamax: {
    scalars: ["accBeta1", "iteration"],
    lists: ["accumulatedFirstMoment", "accumulatedWeightedInfNorm"],
  },
};

interface Slot {
  originalName: string;
  variable: tf.Variable;
}

const internals = (optimizer: tf.Optimizer) => optimizer as unknown as Record<string, unknown>;
const slotsOf = (optimizer: tf.Optimizer, list: string) => internals(optimizer)[list] as Slot[];
const scalarPath = (name: string) => `optimizer/${name}`;
const slotPath = (list: string, index: number) => `optimizer/${list}/${index}`;

/** The state of a tfjs optimizer, and its own variables. */
export function readOptimizer(
  fn: string,
  optimizer: tf.Optimizer,
): { state: OptimizerState; tensors: NamedTensor[] } {
  const className = optimizer.getClassName();
  const fields = FIELDS[className];
  if (!fields) {
    const expected = `one of ${Object.keys(FIELDS).join(", ")}`;
    throw new Error(`${fn}: state.optimizer must be ${expected}, got ${className}`);
  }
  const { learningRate: _, ...config } = optimizer.getConfig();
  const slots: Record<string, string[]> = {};
  const tensors = fields.scalars.map((name) => {
    return { path: scalarPath(name), tensor: internals(optimizer)[name] as tf.Variable };
  });
  for (const list of fields.lists) {
    slots[list] = slotsOf(optimizer, list).map(({ originalName }) => originalName);
    for (const [i, { variable }] of slotsOf(optimizer, list).entries()) {
      tensors.push({ path: slotPath(list, i), tensor: variable });
    }
  }
  const { iterations } = optimizer;
  const learningRate = learningRateOf(fn, optimizer);
  return { state: { className, config, iterations, learningRate, slots }, tensors };
}

/**
 * Sets the state of an optimizer of the same class, apart from its scalar variables. Replaces the slot
 * variables by copies of the tensors.
 */
export function writeOptimizer(
  optimizer: tf.Optimizer,
  { learningRate, iterations, slots }: OptimizerState,
  tensors: ReadonlyMap<string, tf.Tensor>,
): void {
  assignLearningRate(optimizer, learningRate);
  internals(optimizer).iterations_ = iterations;
  for (const [list, names] of Object.entries(slots)) {
    for (const { variable } of slotsOf(optimizer, list)) variable.dispose();
    internals(optimizer)[list] = names.map((originalName, i): Slot => {
      const saved = tensors.get(slotPath(list, i))!;
      return { originalName, variable: tf.variable(saved, false) };
    });
  }
}

/**
 * Reorders the slots of an optimizer for another list of variables. Variables without slots get initial
 * ones.
 */
export function reorderSlots(
  optimizer: tf.Optimizer,
  from: SlotVariables,
  to: readonly tf.Variable[],
): void {
  const { lists = [] } = FIELDS[optimizer.getClassName()] ?? {};
  const { initialAccumulatorValue = 0 } = optimizer.getConfig();
  for (const list of lists) {
    const slots = slotsOf(optimizer, list);
    if (slots.length === 0) continue;
    const create = ({ name, shape }: tf.Variable): Slot => {
      const value = Number(initialAccumulatorValue);
      const variable = tf.tidy(() => tf.variable(tf.fill(shape, value), false));
      return { originalName: `${name}/${list}`, variable };
    };
    const ordered = to.map((variable) => slots[from.indexOf(variable)] ?? create(variable));
    for (const slot of slots) if (!ordered.includes(slot)) slot.variable.dispose();
    internals(optimizer)[list] = ordered;
  }
}

/** Whether a path is that of a slot variable, which exists only after the first step. */
export const isSlot = (path: string): boolean => /^optimizer\/.*\//.test(path);
