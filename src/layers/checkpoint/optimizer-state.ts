import * as tf from "@tensorflow/tfjs-core";
import { assignLearningRate, learningRateOf } from "../learning-rate/set-learning-rate.ts";
import type { NamedTensor, OptimizerState } from "./contents.ts";

/** What a tfjs optimizer keeps beside its configuration, by the names of its private fields. */
interface Fields {
  /** Scalars that change with each step. */
  scalars: readonly string[];
  /** Lists with a variable for each weight, filled at the first step. */
  lists: readonly string[];
}

/*
 * By name and not by getWeights/setWeights, which Adamax lacks, which for Adam compute the powers of
 * beta anew (by pow, not by the products of an uninterrupted run: other last bits), and which leave
 * the learning rate out.
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

type Open = Record<string, unknown>;
const open = (optimizer: tf.Optimizer) => optimizer as unknown as Open;
const variablesOf = (x: unknown) => (x as Slot[]).map(({ variable }) => variable);

/** The state of one of tfjs' optimizers; the tensors are its own variables. */
export function readOptimizer(fn: string, optimizer: tf.Optimizer): OptimizerState<NamedTensor> {
  const className = optimizer.getClassName();
  const fields = FIELDS[className];
  if (!fields) {
    const expected = `one of ${Object.keys(FIELDS).join(", ")}`;
    throw new Error(`${fn}: state.optimizer must be ${expected}, got ${className}`);
  }
  const { learningRate: _, ...config } = optimizer.getConfig();
  const scalar = (name: string) => ({ name, tensor: open(optimizer)[name] as tf.Variable });
  const list = (field: string) =>
    (open(optimizer)[field] as Slot[]).map(({ originalName, variable }) => ({
      name: originalName,
      tensor: variable,
    }));
  return {
    className,
    config,
    iterations: optimizer.iterations,
    learningRate: learningRateOf(fn, optimizer),
    scalars: fields.scalars.map(scalar),
    lists: Object.fromEntries(fields.lists.map((field) => [field, list(field)])),
  };
}

/** Sets the state of an optimizer of the same class, with copies of the tensors. */
export function writeOptimizer(optimizer: tf.Optimizer, state: OptimizerState<NamedTensor>): void {
  assignLearningRate(optimizer, state.learningRate);
  open(optimizer).iterations_ = state.iterations;
  for (const { name, tensor } of state.scalars) {
    (open(optimizer)[name] as tf.Variable).assign(tensor);
  }
  for (const [field, list] of Object.entries(state.lists)) {
    tf.dispose(variablesOf(open(optimizer)[field]));
    open(optimizer)[field] = list.map(({ name, tensor }) => ({
      originalName: name,
      variable: tf.variable(tensor, false),
    }));
  }
}
