import * as tf from "@tensorflow/tfjs-core";
import { checkLabelShape, checkMatrix } from "../internal/checks.ts";
import { readIndices } from "./check-labels.ts";

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

/** Backends whose tensors lie in CPU memory, so that reading them waits for nothing. */
const HOST_BACKENDS = ["cpu", "wasm"];

/**
 * Estimates the conditional mutual information of a data set in one pass, exactly, with a state of
 * O(C²) numbers.
 *
 * $$I(X; \hat Y | Y) = \sum_y \frac{n_y}{n} \left[ H(Q_y) - \frac{1}{n_y} \sum_{x \in y} H(P_x)
 * \right]$$
 *
 * The sums (count, ΣP, ΣH, Σ log P, per class) are additive: estimators of shards of the data can be
 * merged, also across processes by way of JSON.
 *
 * **Precision.** The difference of entropies above loses every digit in float32 once the CMI is
 * small. Therefore logits are read back and softmax, logarithms and sums are computed in float64 on
 * the CPU: a CMI of 1e-6 nats over a million samples is right to better than 1 %. What the network
 * itself rounds when it computes the logits in float32 remains.
 *
 * **Read-back.** On cpu and wasm a batch is counted at once. On a GPU `update` only starts reading
 * and returns; `await` it now and then where millions of samples are queued without a pause.
 *
 * Sources: Ye et al., ICLR 2024 (arXiv 2401.08732), eq. 8–13; for Γ and the normalised CMI Yang et
 * al., arXiv 2309.09123, eq. 16–19.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { CmiEstimator } from "kd-cmi";
 *
 * const estimator = new CmiEstimator();
 * estimator.update(tf.tensor1d([0, 1], "int32"), tf.tensor2d([[2, 0], [0, 3]]));
 * estimator.update(tf.tensor1d([1, 1], "int32"), tf.tensor2d([[1, 0], [0, 1]]));
 * const { cmi, centroids } = await estimator.result();
 * ```
 */
export class CmiEstimator {
  /** Batches are added to the object that stood here when they came; a reset replaces it. */
  private sums: CmiEstimatorJson | undefined;
  /** Batches and merges under way, in their order. */
  private queue: Promise<void> = Promise.resolve();
  private queued = 0;
  private failure: unknown;

  /**
   * @param options `numClasses` C; by default that of the first batch.
   * @throws If `numClasses` is not an integer of at least 1.
   */
  constructor({ numClasses }: { numClasses?: number | undefined } = {}) {
    if (numClasses === undefined) return;
    if (!Number.isInteger(numClasses) || numClasses < 1) {
      throw new Error(`CmiEstimator: numClasses must be an integer >= 1, got ${numClasses}`);
    }
    this.sums = emptySums(numClasses);
  }

  /**
   * Counts a batch. The tensors may be disposed as soon as this returns.
   *
   * @param labels int32 class indices [N] or one-hot [N, C]. A label that names no class makes
   * `result()` reject.
   * @param logits float32 [N, C]. NaN and infinities make `result()` reject.
   * @returns A promise that the batch has been counted; waiting for it is optional.
   * @throws At once, if a shape or dtype is not as described or C has changed.
   */
  update(labels: tf.Tensor, logits: tf.Tensor): Promise<void> {
    const z = checkMatrix("CmiEstimator.update", "logits", logits);
    checkLabelShape("CmiEstimator.update", labels, z);
    const sums = this.sumsOf(z.shape[1], "update");
    const { shape } = labels;
    if (this.queued === 0 && HOST_BACKENDS.includes(tf.getBackend())) {
      addBatch(
        sums,
        readIndices(labels.dataSync(), shape, sums.numClasses),
        z.dataSync<"float32">(),
      );
      return this.queue;
    }
    // WebGPU still needs the tensors when the data arrive, and the caller may dispose them.
    const held = [tf.keep(tf.clone(labels)), tf.keep(tf.clone(z))] as const;
    const read = Promise.all([held[0].data(), held[1].data<"float32">()]);
    return this.enqueue(async () => {
      const [y, values] = await read.finally(() => tf.dispose([...held]));
      addBatch(sums, readIndices(y, shape, sums.numClasses), values);
    });
  }

  /**
   * Adds everything that another estimator has seen up to now; the other one stays as it is.
   *
   * @throws If the numbers of classes differ.
   */
  merge(other: CmiEstimator): Promise<void> {
    const theirs = other.sums;
    if (!theirs) return this.queue;
    const sums = this.sumsOf(theirs.numClasses, "merge");
    if (this.queued === 0 && other.queued === 0) {
      addSums(sums, theirs);
      return this.queue;
    }
    const snapshot = other.queue.then(() => structuredClone(theirs));
    return this.enqueue(async () => addSums(sums, await snapshot));
  }

  /**
   * @returns The report over all samples so far, after the reading under way has ended.
   * @throws Rejects if there are no samples, if a label names no class, or if a logit was NaN or
   * infinite.
   */
  async result(): Promise<CmiReport> {
    await this.queue;
    if (this.failure) throw this.failure;
    if (this.sums) checkRows(this.sums);
    const n = this.sums ? sum(this.sums.counts) : 0;
    if (n === 0) throw new Error("CmiEstimator.result: there are no samples, call update first");
    return report(this.sums!, n);
  }

  /** Forgets all samples, also those still being read; the number of classes stays. */
  reset(): void {
    this.failure = undefined;
    if (this.sums) this.sums = emptySums(this.sums.numClasses);
  }

  /**
   * The state, for `JSON.stringify`. Every number returns exactly.
   *
   * @throws If batches are still being read from a GPU, which `await estimator.result()` waits for,
   * or if there is no state yet because neither `numClasses` nor a batch was given.
   */
  toJSON(): CmiEstimatorJson {
    if (this.queued > 0) {
      const advice = "await result() or the promise of the last update first";
      throw new Error(`CmiEstimator.toJSON: ${this.queued} batches are being read; ${advice}`);
    }
    if (!this.sums) throw new Error("CmiEstimator.toJSON: call update first or give numClasses");
    return structuredClone(this.sums);
  }

  /**
   * An estimator that goes on where another one was.
   *
   * @param json What `toJSON` gave.
   * @throws If that is not the state of an estimator.
   */
  static fromJSON(json: CmiEstimatorJson): CmiEstimator {
    const estimator = new CmiEstimator({ numClasses: json?.numClasses ?? Number.NaN });
    const expected = emptySums(json.numClasses);
    for (const key of Object.keys(expected) as (keyof CmiEstimatorJson)[]) {
      const numbers = [json[key]].flat();
      if (numbers.length !== [expected[key]].flat().length || !numbers.every(Number.isFinite)) {
        throw new Error(`CmiEstimator.fromJSON: ${key} is missing or not as toJSON writes it`);
      }
    }
    estimator.sums = structuredClone(json);
    return estimator;
  }

  /** Frees the state; the estimator is empty afterwards. It holds no tensors. */
  dispose(): void {
    this.sums = undefined;
    this.failure = undefined;
  }

  private sumsOf(numClasses: number, method: string): CmiEstimatorJson {
    this.sums ??= emptySums(numClasses);
    if (this.sums.numClasses === numClasses) return this.sums;
    const expected = `${this.sums.numClasses} classes as before`;
    throw new Error(`CmiEstimator.${method}: expected ${expected}, got ${numClasses}`);
  }

  private enqueue(step: () => Promise<void>): Promise<void> {
    this.queued += 1;
    this.queue = this.queue
      .then(step)
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => {
        this.queued -= 1;
      });
    return this.queue;
  }
}

const zeros = (length: number): number[] => new Array<number>(length).fill(0);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const add = (into: number[], values: readonly number[]) => {
  for (let i = 0; i < into.length; i++) into[i]! += values[i]!;
};

function emptySums(numClasses: number): CmiEstimatorJson {
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

function addSums(into: CmiEstimatorJson, other: CmiEstimatorJson): void {
  add(into.counts, other.counts);
  add(into.probabilities, other.probabilities);
  add(into.logProbabilities, other.logProbabilities);
  add(into.entropies, other.entropies);
  into.crossEntropy += other.crossEntropy;
  into.correct += other.correct;
  into.badLabels += other.badLabels;
  into.badLogits += other.badLogits;
}

function addBatch(sums: CmiEstimatorJson, indices: Int32Array, logits: Float32Array): void {
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

function checkRows({ badLabels, badLogits, numClasses }: CmiEstimatorJson): void {
  if (badLabels > 0) {
    const expected = `one-hot or within 0 to ${numClasses - 1}`;
    throw new Error(`CmiEstimator.result: labels must be ${expected}, ${badLabels} are not`);
  }
  if (badLogits > 0) {
    throw new Error(`CmiEstimator.result: logits must be finite, ${badLogits} rows are not`);
  }
}

function report(sums: CmiEstimatorJson, n: number): CmiReport {
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
  for (const row of logP) add(total, row);
  const others = p.map((row, y) =>
    dot(
      row,
      total.map((x, k) => x - logP[y]![k]!),
    ),
  );
  return Math.max(0, -sum(others)) / n ** 2;
}
