import { addTo, dot, sum } from "../internal/arrays.ts";

/** Measures of {@link CmiEstimator} over all samples so far. Information is in nats. */
export interface CmiMeasures {
  /** I(X;Ŷ|Y). */
  cmi: number;
  /** I(X;Ŷ|Y=y) for each class; null for a class without samples. */
  perClass: (number | null)[];
  /** Number of samples in each class, or the sum of their weights. */
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

/** The result of {@link CmiEstimator} over all samples so far. Information is in nats. */
export interface CmiReport extends CmiMeasures {
  /**
   * Row y is the mean probability vector of class y. The classes without samples share one uniform
   * row.
   */
  centroids: number[][];
}

/** The sums over the samples of a class. */
export interface ClassSums {
  count: number;
  /** Σ P_x, C numbers. */
  p: Float64Array;
  /** Σ log P_x, C numbers. */
  logP: Float64Array;
  /** Σ H(P_x). */
  entropy: number;
}

/** The state of a {@link CmiEstimator}. Only classes that have samples take memory. */
export interface CmiSums {
  numClasses: number;
  classes: Map<number, ClassSums>;
  /** Σ −log p_y. */
  crossEntropy: number;
  correct: number;
  /** Rows skipped because of an invalid label. */
  badLabels: number;
  /** Rows skipped because a logit is NaN or infinite. */
  badLogits: number;
}

/** The sums of no samples. */
export function emptySums(numClasses: number): CmiSums {
  const classes: CmiSums["classes"] = new Map();
  return { numClasses, classes, crossEntropy: 0, correct: 0, badLabels: 0, badLogits: 0 };
}

/** The number of samples with a valid label and finite logits. */
export const sampleCount = ({ classes }: CmiSums): number =>
  sum([...classes.values()].map(({ count }) => count));

/** Adds the sums of other samples. */
export function addSums(into: CmiSums, other: CmiSums): void {
  for (const [y, { count, p, logP, entropy }] of other.classes) {
    const sums = sumsOf(into, y);
    sums.count += count;
    sums.entropy += entropy;
    addTo(sums.p, p);
    addTo(sums.logP, logP);
  }
  into.crossEntropy += other.crossEntropy;
  into.correct += other.correct;
  into.badLabels += other.badLabels;
  into.badLogits += other.badLogits;
}

function sumsOf({ classes, numClasses }: CmiSums, y: number): ClassSums {
  const known = classes.get(y);
  if (known) return known;
  const [p, logP] = [new Float64Array(numClasses), new Float64Array(numClasses)];
  const sums = { count: 0, p, logP, entropy: 0 };
  classes.set(y, sums);
  return sums;
}

/**
 * Adds logits [N, C] that were read back, row by row; an index of −1 marks an invalid label. A row of
 * weight 0 does not count.
 */
export function addBatch(
  sums: CmiSums,
  indices: Int32Array,
  logits: Float32Array,
  weightOf: (row: number) => number = () => 1,
): void {
  const c = sums.numClasses;
  indices.forEach((label, row) => {
    const weight = weightOf(row);
    if (weight !== 0) addRow(sums, label, logits.subarray(row * c, (row + 1) * c), weight);
  });
}

/** log P = z − log Σ exp z and H = −Σ P log P, in float64. */
function addRow(sums: CmiSums, label: number, logits: Float32Array, weight: number): void {
  if (label < 0) {
    sums.badLabels += 1;
    return;
  }
  if (!logits.every(Number.isFinite)) {
    sums.badLogits += 1;
    return;
  }
  const max = logits.reduce((a, b) => Math.max(a, b));
  let total = 0;
  for (const z of logits) total += Math.exp(z - max);
  const logSum = max + Math.log(total);
  const own = sumsOf(sums, label);
  for (let k = 0; k < logits.length; k++) {
    const logP = logits[k]! - logSum;
    const p = Math.exp(logP);
    own.entropy -= weight * p * logP;
    own.p[k]! += weight * p;
    own.logP[k]! += weight * logP;
  }
  own.count += weight;
  sums.crossEntropy += weight * (logSum - logits[label]!);
  sums.correct += logits.indexOf(max) === label ? weight : 0;
}

/** The sums of the classes that have samples, in the order of the classes. */
export const presentClasses = ({ classes }: CmiSums): ClassSums[] =>
  [...classes].sort(([a], [b]) => a - b).map(([, own]) => own);

/** A list of one entry per class: that of a class with samples, or else `absent`. */
export function classList<T>(sums: CmiSums, absent: T, entryOf: (own: ClassSums) => T): T[] {
  return Array.from({ length: sums.numClasses }, (_, y) => {
    const own = sums.classes.get(y);
    return own ? entryOf(own) : absent;
  });
}

/** The number of samples in each class. */
export const countsOf = (sums: CmiSums): number[] => classList(sums, 0, ({ count }) => count);

/** The measures over n ≥ 1 samples. */
export function measuresOf(sums: CmiSums, n: number): CmiMeasures {
  const present = presentClasses(sums);
  const perClass = classList<number | null>(sums, null, cmiOf);
  const counts = countsOf(sums);
  const cmi = sum(counts.map((count, y) => ((perClass[y] ?? 0) * count) / n));
  const separation = interClassCrossEntropy(present, n);
  return {
    cmi,
    perClass,
    counts,
    crossEntropy: sums.crossEntropy / n,
    accuracy: sums.correct / n,
    separation,
    normalizedCmi: separation > 0 ? cmi / separation : null,
    meanEntropy: sum(present.map(({ entropy }) => entropy)) / n,
  };
}

/** H(Q_y) minus the mean of H(P_x). Rounding may turn a CMI of 0 into a few −1e-16. */
const cmiOf = ({ p, entropy, count }: ClassSums): number =>
  Math.max(0, entropyOf(p, count) - entropy / count);

/** The entropy of sums of probabilities divided by their number. */
function entropyOf(sums: Float64Array, count: number): number {
  let entropy = 0;
  for (const x of sums) if (x > 0) entropy -= (x / count) * Math.log(x / count);
  return entropy;
}

/**
 * Γ = −(1/n²) Σ_{y≠u} ⟨ΣP of y, Σ log P of u⟩, with the sum over u ≠ y as the total minus the row
 * of y.
 */
function interClassCrossEntropy(classes: readonly ClassSums[], n: number): number {
  const total = new Float64Array(classes[0]?.logP.length ?? 0);
  for (const { logP } of classes) addTo(total, logP);
  const others = classes.map(({ p, logP }) => dot(p, total) - dot(p, logP));
  return Math.max(0, -sum(others)) / n ** 2;
}

/** Numbers that take 1 GB as arrays. Engines abort if their heap of a few GB is full. */
const TOO_MANY = 134_217_728;

/** The mean probabilities of each class, one row per class. */
export function centroidsOf(sums: CmiSums): number[][] {
  const [rows, c] = [sums.classes.size, sums.numClasses];
  if (rows * c > TOO_MANY) {
    const advice = "use result({ centroids: false })";
    throw new Error(`CmiEstimator.result: ${rows}x${c} centroids are too many; ${advice}`);
  }
  const uniform = new Array<number>(c).fill(1 / c);
  return classList(sums, uniform, ({ p, count }) => Array.from(p, (x) => x / count));
}
