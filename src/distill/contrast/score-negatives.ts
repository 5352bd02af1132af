import * as tf from "@tensorflow/tfjs-core";
import { blockElements } from "../../ops/block-elements.ts";
import { canCountRows, countRows } from "../../ops/count-rows.ts";
import { gatherRows } from "../../ops/gather-rows.ts";
import { matMul } from "../../ops/mat-mul.ts";
import { rowProducts } from "../../ops/row-products.ts";
import { sliceRows } from "../../ops/slice-rows.ts";
import type { ContrastIndices } from "./types.ts";

/** Indices prepared for scoring. */
export interface DrawnRows {
  /** The row of each sample, [N] or [N, 1]. */
  positives: tf.Tensor;
  /** [K] if shared by the batch, otherwise [N, K]. */
  negatives: tf.Tensor;
  /** K, the number of negatives of each sample. */
  k: number;
  /**
   * [N, size], how often each row is a negative of each sample; only if the whole bank is scored.
   */
  counts?: tf.Tensor2D;
}

/** Separates positives and negatives, and counts the negatives if that makes the loss cheaper. */
export function drawnRows(indices: ContrastIndices, size: number): DrawnRows {
  if (!(indices instanceof tf.Tensor)) return { ...indices, k: indices.negatives.shape[0] };
  const positives = tf.slice(indices, [0, 0], [-1, 1]);
  const negatives: tf.Tensor2D = tf.slice(indices, [0, 1], [-1, -1]);
  const k = negatives.shape[1];
  if (!scoresWholeBank(k, size)) return { positives, negatives, k };
  return { positives, negatives, k, counts: countRows(negatives, size) };
}

/**
 * Whether one product of all anchors with the whole bank is cheaper than gathering the rows of each
 * anchor.
 */
const scoresWholeBank = (k: number, size: number) => size <= 8 * k && canCountRows();

/** Gathers the rows of a bank at indices of any shape, one after another. */
export const pickRows = (bank: tf.Tensor2D, rows: tf.Tensor): tf.Tensor2D =>
  gatherRows(bank, tf.reshape(rows, [-1]));

/** Scores of some anchors against rows of a bank. */
export interface ScoredRows {
  /** [n, m], the products of n anchors and m rows. */
  scores: tf.Tensor2D;
  /** [n, m], how often each row was drawn for each anchor; absent if each was drawn once. */
  counts?: tf.Tensor2D;
  /** Sums of the rows, weighted by weights [n, m]: [n, dim]. */
  weightedRows(weights: tf.Tensor2D): tf.Tensor2D;
}

/**
 * Scores every anchor [N, dim] against its negatives, in one block or in several blocks of fewer
 * anchors. A block is computed when it is called. Call each in its own `tf.tidy`.
 */
export function scoreNegatives(
  anchors: tf.Tensor2D,
  bank: tf.Tensor2D,
  { negatives, k, counts }: DrawnRows,
): (() => ScoredRows)[] {
  if (counts) return [() => ({ ...scoreShared(anchors, bank), counts })];
  if (negatives.rank === 1) return [() => scoreShared(anchors, pickRows(bank, negatives))];
  const n = anchors.shape[0];
  const length = Math.max(1, Math.floor(blockElements() / (k * bank.shape[1])));
  return Array.from({ length: Math.ceil(n / length) }, (_, block) => () => {
    const first = block * length;
    const part = Math.min(length, n - first);
    const rows = pickRows(bank, sliceRows(negatives, first, part));
    return scoreOwn(sliceRows(anchors, first, part), rows);
  });
}

/** All anchors against the same rows. */
const scoreShared = (anchors: tf.Tensor2D, rows: tf.Tensor2D): ScoredRows => ({
  scores: rowProducts(anchors, rows),
  weightedRows: (weights) => matMul(weights, rows),
});

/** Each of n anchors against its own k rows of the n · k given. */
function scoreOwn(anchors: tf.Tensor2D, rows: tf.Tensor2D): ScoredRows {
  const [n, dim] = anchors.shape;
  const own: tf.Tensor3D = tf.reshape(rows, [n, -1, dim]);
  const product = (a: tf.Tensor, b: tf.Tensor): tf.Tensor2D => tf.reshape(matMul(a, b), [n, -1]);
  return {
    scores: product(own, tf.reshape(anchors, [n, dim, 1])),
    weightedRows: (weights) => product(tf.reshape(weights, [n, 1, -1]), own),
  };
}
