import type * as tf from "@tensorflow/tfjs-core";

/**
 * The variable of each slot of an optimizer. Undefined marks a slot from a checkpoint whose variable is
 * not known yet.
 */
export type SlotVariables = readonly (tf.Variable | undefined)[];

/**
 * tfjs keeps slots by position, so a variable must keep its position when others join or are left out
 * of a step.
 */
const variables = new WeakMap<tf.Optimizer, SlotVariables>();

/** The variables in the order of the slots. Empty before the first step. */
export const slotVariables = (optimizer: tf.Optimizer): SlotVariables =>
  variables.get(optimizer) ?? [];

/** Sets the variable of each slot. */
export function setSlotVariables(optimizer: tf.Optimizer, ordered: SlotVariables): void {
  variables.set(optimizer, ordered);
}

/** Adds variables to a list, first in its undefined positions, then at the end. */
export function withJoined(known: SlotVariables, trained: readonly tf.Variable[]): SlotVariables {
  const joined = trained.filter((variable) => !known.includes(variable));
  const filled = known.map((variable) => variable ?? joined.shift());
  return [...filled, ...joined];
}
