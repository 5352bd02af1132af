import { addTo, dot, increase, subtract, sum, zeros } from "../internal/arrays.ts";

/** The result of {@link CmiEstimator} over all samples so far. Information is in nats. */
export interface CmiReport {
  /** I(X;Ŷ|Y). */
  cmi: number;
  /** I(X;Ŷ|Y=y) for each class; null for a class without samples. */
  perClass: (number | null)[];
  /** Row y is the mean probability vector of class y; uniform for a class without samples. */
  centroids: number[][];
  /** Number of samples in each class. */
  counts: number[];
  /** Mean of −log p_y. */
  crossEntropy: number;
  /** The fraction of samples, 0–1, whose largest logit is that of the label. */
  accuracy: number;
  /** Γ, the mean of 1{y(x) ≠ y(u)} · crossEntropy(P_x, P_u) over all pairs (x, u). */
  separation: number;
  /** CMI/Γ, dimensionless; null if only one class has samples, because Γ is 0. */
  normalizedCmi: number | null;
  /** Mean of H(P_x). */
  meanEntropy: number;
}

/** The state of a {@link CmiEstimator} as plain JSON: sums per class, as float64. */
export interface CmiEstimatorJson {
  numClasses: number;
  counts: number[];
  /** Σ P_x over the samples of each class, row by row, C·C numbers. */
  probabilities: number[];
  /** Σ log P_x, in the same layout. */
  logProbabilities: number[];
  /** Σ H(P_x) over the samples of each class. */
  entropies: number[];
  crossEntropy: number;
  correct: number;
  /** Rows skipped because of an invalid label. */
  badLabels: number;
  /** Rows skipped because a logit is NaN or infinite. */
  badLogits: number;
}

/** The sums of no samples. */
export function emptySums(numClasses: number): CmiEstimatorJson {
  return {
    numClasses,
    counts: zeros(numClasses),
    probabilities: zeros(numClasses ** 2),
    logProbabilities: zeros(numClasses ** 2),
    entropies: zeros(numClasses),
    crossEntropy: 0,
    correct: 0,
    badLabels: 0,
    badLogits: 0,
  };
}

/** Adds the sums of other samples. */
export function addSums(into: CmiEstimatorJson, other: CmiEstimatorJson): void {
  addTo(into.counts, other.counts);
  addTo(into.probabilities, other.probabilities);
  addTo(into.logProbabilities, other.logProbabilities);
  addTo(into.entropies, other.entropies);
  into.crossEntropy += other.crossEntropy;
  into.correct += other.correct;
  into.badLabels += other.badLabels;
  into.badLogits += other.badLogits;
}

/** Adds logits [N, C] that were read back, row by row; an index of −1 marks an invalid label. */
export function addBatch(sums: CmiEstimatorJson, indices: Int32Array, logits: Float32Array): void {
  const c = sums.numClasses;
  indices.forEach((label, row) => {
    addRow(sums, label, logits.subarray(row * c, (row + 1) * c));
  });
}

/** log P = z − log Σ exp z and H = −Σ P log P, in float64. */
function addRow(sums: CmiEstimatorJson, label: number, logits: Float32Array): void {
  if (label < 0) {
    sums.badLabels += 1;
    return;
  }
  if (!logits.every(Number.isFinite)) {
    sums.badLogits += 1;
    return;
  }
  const start = label * sums.numClasses;
  const max = logits.reduce((a, b) => Math.max(a, b));
  const logSum = max + Math.log(logits.reduce((total, z) => total + Math.exp(z - max), 0));
  let entropy = 0;
  logits.forEach((z, k) => {
    const logP = z - logSum;
    const p = Math.exp(logP);
    entropy -= p * logP;
    increase(sums.probabilities, start + k, p);
    increase(sums.logProbabilities, start + k, logP);
    if (k === label) sums.crossEntropy -= logP;
  });
  increase(sums.counts, label, 1);
  increase(sums.entropies, label, entropy);
  sums.correct += logits.indexOf(max) === label ? 1 : 0;
}

/** The report over n ≥ 1 samples. */
export function reportOf(sums: CmiEstimatorJson, n: number): CmiReport {
  const classes = sums.counts.map((count, y) => classOf(sums, y, count));
  const cmi = sum(classes.map(({ cmi, count }) => ((cmi ?? 0) * count) / n));
  const separation = interClassCrossEntropy(classes, n);
  return {
    cmi,
    perClass: classes.map(({ cmi }) => cmi),
    centroids: classes.map(({ centroid }) => centroid),
    counts: [...sums.counts],
    crossEntropy: sums.crossEntropy / n,
    accuracy: sums.correct / n,
    separation,
    normalizedCmi: separation > 0 ? cmi / separation : null,
    meanEntropy: sum(sums.entropies) / n,
  };
}

/** The sums of one class, and what follows from them. */
interface ClassSums {
  count: number;
  /** ΣP. */
  p: number[];
  /** Σ log P. */
  logP: number[];
  centroid: number[];
  cmi: number | null;
}

function classOf(sums: CmiEstimatorJson, y: number, count: number): ClassSums {
  const c = sums.numClasses;
  const rowOf = (values: number[]) => values.slice(y * c, (y + 1) * c);
  const [p, logP] = [rowOf(sums.probabilities), rowOf(sums.logProbabilities)];
  const centroid = p.map((x) => (count > 0 ? x / count : 1 / c));
  // Rounding may turn a CMI of 0 into a few −1e-16.
  const cmi = count > 0 ? Math.max(0, entropy(centroid) - sums.entropies[y]! / count) : null;
  return { count, p, logP, centroid, cmi };
}

const entropy = (p: number[]): number => -sum(p.map((x) => (x > 0 ? x * Math.log(x) : 0)));

/**
 * Γ = −(1/n²) Σ_{y≠u} ⟨ΣP of y, Σ log P of u⟩, with the sum over u ≠ y as the total minus the row
 * of y.
 */
function interClassCrossEntropy(classes: readonly ClassSums[], n: number): number {
  const total = zeros(classes.length);
  for (const { logP } of classes) addTo(total, logP);
  const others = classes.map(({ p, logP }) => dot(p, subtract(total, logP)));
  return Math.max(0, -sum(others)) / n ** 2;
}
