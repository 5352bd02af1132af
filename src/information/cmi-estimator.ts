import type * as tf from "@tensorflow/tfjs-core";
import {
  checkInteger,
  checkLabelShape,
  checkOptions,
  checkRows,
  checkWeights,
  columnsOf,
} from "../internal/checks.ts";
import { ReadQueue } from "../internal/read-queue.ts";
import { checkBadLabels, readIndices } from "./check-labels.ts";
import { type CmiEstimatorJson, jsonOf, sumsOfJson } from "./cmi-json.ts";
import {
  addBatch,
  addSums,
  type CmiMeasures,
  type CmiReport,
  type CmiSums,
  centroidsOf,
  emptySums,
  measuresOf,
  sampleCount,
} from "./cmi-sums.ts";

/** Options of {@link CmiEstimator}. */
export interface CmiEstimatorOptions {
  /** C, the number of classes; by default that of the first batch. */
  numClasses?: number | undefined;
}

/** Options of the report of {@link CmiEstimator}. */
export interface CmiResultOptions {
  /** Whether the report has the centroids, C·C numbers; default true. */
  centroids?: boolean | undefined;
}

/** Options of `CmiEstimator.update`. */
export interface CmiUpdateOptions {
  /**
   * A weight ≥ 0 for each sample, float32 [N], or for each position of logits [N, …, C], float32 [N, …],
   * such as a mask of 0 and 1. A sample counts as its weight. Where it is 0, logits and label do not count,
   * whatever they hold.
   */
  weights?: tf.Tensor | undefined;
}

/**
 * Computes the conditional mutual information of a data set exactly, in one pass, with a state of
 * 2·C float64 numbers for each class that has samples.
 *
 * $$I(X; \hat Y | Y) = \sum_y \frac{n_y}{n} \left[ H(Q_y) - \frac{1}{n_y} \sum_{x \in y} H(P_x)
 * \right]$$
 *
 * The sums (count, ΣP, ΣH, Σ log P, per class) are additive: estimators of shards of the data can
 * be merged, also across processes via JSON.
 *
 * **Precision.** In float32, the difference of entropies above loses all digits if the CMI is
 * small. Therefore logits are read back, and softmax, logarithms and sums are computed in float64
 * on the CPU: a CMI of 1e-6 nats over a million samples is accurate to better than 1 %. The float32
 * rounding of the network's logits remains.
 *
 * **Read-back.** On cpu and wasm, a batch is added at once. On a GPU, `update` starts the read-back
 * and returns. Await it from time to time if millions of samples are queued without a pause.
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
  /**
   * A batch is added to the object that was current when it arrived; `reset` replaces the object.
   */
  private sums: CmiSums | undefined;
  /** Pending batches and merges, in order. */
  private readonly queue = new ReadQueue();

  /**
   * @param options `numClasses`, see {@link CmiEstimatorOptions}.
   * @throws If `numClasses` is not an integer of at least 1.
   */
  constructor(options: CmiEstimatorOptions = {}) {
    checkOptions("CmiEstimator", options, ["numClasses"]);
    const { numClasses } = options;
    if (numClasses === undefined) return;
    checkInteger("CmiEstimator", "numClasses", numClasses, 1);
    this.sums = emptySums(numClasses);
  }

  /**
   * Adds a batch. The tensors may be disposed as soon as this returns.
   *
   * @param labels int32 class indices [N] or one-hot [N, C], in the positions of the logits if these
   * have more dimensions: [N, …]. An invalid label makes `result()` reject.
   * @param logits float32 [N, C], or [N, …, C] for dense outputs and sequences. NaN and infinities make
   * `result()` reject.
   * @param options `weights`, see {@link CmiUpdateOptions}.
   * @returns A promise that resolves when the batch has been added. Awaiting it is optional.
   * @throws Synchronously, if a shape or dtype is not as described or C has changed. Also if a weight is
   * negative, infinite or NaN; on a GPU, that makes `result()` reject.
   */
  update(labels: tf.Tensor, logits: tf.Tensor, options: CmiUpdateOptions = {}): Promise<void> {
    const fn = "CmiEstimator.update";
    checkOptions(fn, options, ["weights"]);
    const { weights } = options;
    const z = checkRows(fn, "logits", logits);
    checkLabelShape(fn, labels, z);
    checkWeights(fn, weights, z);
    const sums = this.sumsOf(columnsOf(z), "update");
    const [rows, samples] = [z.size / sums.numClasses, z.shape[0] ?? 1];
    const areRows = sums.numClasses > 1 && labels.size > rows;
    const shape = areRows ? [rows, sums.numClasses] : [rows];
    return this.queue.read([labels, z, ...(weights ? [weights] : [])], (y, values, w) => {
      const wrong =
        w && Array.from(w).find((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
      if (wrong !== undefined) {
        throw new Error(`${fn}: weights must be finite numbers >= 0, got ${wrong}`);
      }
      const weightOf = (row: number) =>
        w ? w[w.length === rows ? row : Math.floor((row * samples) / rows)]! : 1;
      addBatch(sums, readIndices(y!, shape, sums.numClasses), values as Float32Array, weightOf);
    });
  }

  /**
   * Adds everything that another estimator has counted so far. The other estimator is unchanged.
   *
   * @param other An estimator of the same number of classes.
   * @returns A promise that resolves when the samples have been added. Awaiting it is optional.
   * @throws If the numbers of classes differ.
   */
  merge(other: CmiEstimator): Promise<void> {
    const theirs = other.sums;
    if (!theirs) return Promise.resolve();
    const sums = this.sumsOf(theirs.numClasses, "merge");
    return this.queue.follow(other.queue, theirs, (state) => addSums(sums, state));
  }

  /**
   * Computes the report over all samples so far, after all pending batches have been read.
   *
   * @param options `centroids`, see {@link CmiResultOptions}.
   * @returns See {@link CmiReport}, or {@link CmiMeasures} without centroids; information is in nats.
   * @throws Rejects if there are no samples, if a label is invalid, if a logit is NaN or infinite, or
   * if the centroids of the classes with samples are more than 2²⁷ numbers.
   */
  async result(options?: { centroids?: true | undefined }): Promise<CmiReport>;
  async result(options: CmiResultOptions): Promise<CmiMeasures>;
  async result(options: CmiResultOptions = {}): Promise<CmiReport | CmiMeasures> {
    checkOptions("CmiEstimator.result", options, ["centroids"]);
    const { centroids = true } = options;
    await this.queue.settle();
    const { sums } = this;
    if (sums) checkCounted(sums);
    const n = sums ? sampleCount(sums) : 0;
    if (!sums || n === 0) {
      throw new Error("CmiEstimator.result: there are no samples, call update first");
    }
    const measures = measuresOf(sums, n);
    return centroids ? { ...measures, centroids: centroidsOf(sums) } : measures;
  }

  /** Discards all samples, including those still being read. The number of classes is kept. */
  reset(): void {
    this.queue.reset();
    if (this.sums) this.sums = emptySums(this.sums.numClasses);
  }

  /**
   * The state, for `JSON.stringify`. Every number is preserved exactly.
   *
   * @throws If batches are still being read from a GPU (`await estimator.result()` waits for them),
   * if there is no state yet because neither `numClasses` nor a batch was given, or if `probabilities`
   * would have more than 2²⁵ numbers, which `JSON.stringify` cannot write.
   */
  toJSON(): CmiEstimatorJson {
    if (this.queue.length > 0) {
      const advice = "await result() or the promise of the last update first";
      throw new Error(
        `CmiEstimator.toJSON: ${this.queue.length} batches are being read; ${advice}`,
      );
    }
    if (!this.sums) throw new Error("CmiEstimator.toJSON: call update first or give numClasses");
    return jsonOf(this.sums);
  }

  /**
   * Creates an estimator that continues from the state of another one.
   *
   * @param json The result of `toJSON`.
   * @throws If `json` is not the state of an estimator.
   */
  static fromJSON(json: CmiEstimatorJson): CmiEstimator {
    const estimator = new CmiEstimator({ numClasses: json?.numClasses ?? Number.NaN });
    estimator.sums = sumsOfJson(json);
    return estimator;
  }

  /** Frees the state. The estimator is empty afterwards. It holds no tensors. */
  dispose(): void {
    this.sums = undefined;
    this.queue.reset();
  }

  private sumsOf(numClasses: number, method: string): CmiSums {
    this.sums ??= emptySums(numClasses);
    if (this.sums.numClasses === numClasses) return this.sums;
    const expected = `${this.sums.numClasses} classes as before`;
    throw new Error(`CmiEstimator.${method}: expected ${expected}, got ${numClasses}`);
  }
}

function checkCounted({ badLabels, badLogits, numClasses }: CmiSums): void {
  checkBadLabels("CmiEstimator.result", badLabels, numClasses);
  if (badLogits > 0) {
    throw new Error(`CmiEstimator.result: logits must be finite, ${badLogits} rows are not`);
  }
}
