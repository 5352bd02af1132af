import { addTo, sum, zeros } from "../internal/arrays.ts";

/** What {@link CmiEstimator} found in all samples so far. Information is in nats. */
export interface CmiReport {
  /** I(X;Ŷ|Y). */
  cmi: number;
  /** I(X;Ŷ|Y=y) for each class; null for a class without samples. */
  perClass: (number | null)[];
  /** Row y is the mean probability vector of class y; uniform for a class without samples. */
  centroids: number[][];
  /** Samples in each class. */
  counts: number[];
  /** Mean of −log p_y. */
  crossEntropy: number;
  /** The share, 0–1, of samples whose largest logit is that of the label. */
  accuracy: number;
  /** Γ, the mean of 1{y(x) ≠ y(u)} · crossEntropy(P_x, P_u) over all pairs (x, u). */
  separation: number;
  /** CMI/Γ, without unit; null while only one class has samples, where Γ is 0. */
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
  /** Σ log P_x, likewise. */
  logProbabilities: number[];
  /** Σ H(P_x) over the samples of each class. */
  entropies: number[];
  crossEntropy: number;
  correct: number;
  /** Rows left out because their label names no class. */
  badLabels: number;
  /** Rows left out because a logit is NaN or infinite. */
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

/** Adds logits [N, C] that were read back, row by row; an index of −1 names no class. */
export function addBatch(sums: CmiEstimatorJson, indices: Int32Array, logits: Float32Array): void {
  const c = sums.numClasses;
  for (let row = 0; row < indices.length; row++) {
    addRow(sums, indices[row]!, logits.subarray(row * c, (row + 1) * c));
  }
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
  const c = sums.numClasses;
  const max = logits.reduce((a, b) => Math.max(a, b));
  const logSum = max + Math.log(logits.reduce((total, z) => total + Math.exp(z - max), 0));
  let entropy = 0;
  for (let k = 0; k < c; k++) {
    const logP = logits[k]! - logSum;
    const p = Math.exp(logP);
    entropy -= p * logP;
    sums.probabilities[label * c + k]! += p;
    sums.logProbabilities[label * c + k]! += logP;
  }
  sums.counts[label]! += 1;
  sums.entropies[label]! += entropy;
  sums.crossEntropy -= logits[label]! - logSum;
  sums.correct += logits.indexOf(max) === label ? 1 : 0;
}

/** The report over n ≥ 1 samples. */
export function reportOf(sums: CmiEstimatorJson, n: number): CmiReport {
  const { numClasses: c, counts } = sums;
  const rowsOf = (values: number[]) => counts.map((_, y) => values.slice(y * c, (y + 1) * c));
  const p = rowsOf(sums.probabilities);
  const centroids = counts.map((count, y) => p[y]!.map((x) => (count > 0 ? x / count : 1 / c)));
  // Rounding may leave a CMI of zero a few 1e-16 below.
  const perClass = counts.map((count, y) =>
    count > 0 ? Math.max(0, entropy(centroids[y]!) - sums.entropies[y]! / count) : null,
  );
  const cmi = sum(perClass.map((value, y) => ((value ?? 0) * counts[y]!) / n));
  const separation = interClassCrossEntropy(p, rowsOf(sums.logProbabilities), n);
  return {
    cmi,
    perClass,
    centroids,
    counts: [...counts],
    crossEntropy: sums.crossEntropy / n,
    accuracy: sums.correct / n,
    separation,
    normalizedCmi: separation > 0 ? cmi / separation : null,
    meanEntropy: sum(sums.entropies) / n,
  };
}

const entropy = (p: number[]): number => -sum(p.map((x) => (x > 0 ? x * Math.log(x) : 0)));
const dot = (a: number[], b: number[]): number => sum(a.map((x, k) => x * b[k]!));

/** Γ = −(1/n²) Σ_{y≠u} ⟨ΣP of y, Σ log P of u⟩, from what remains of the whole without y. */
function interClassCrossEntropy(p: number[][], logP: number[][], n: number): number {
  const total = zeros(p.length);
  for (const row of logP) addTo(total, row);
  const others = p.map((row, y) =>
    dot(
      row,
      total.map((x, k) => x - logP[y]![k]!),
    ),
  );
  return Math.max(0, -sum(others)) / n ** 2;
}
