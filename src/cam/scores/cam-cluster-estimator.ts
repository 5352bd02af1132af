import type * as tf from "@tensorflow/tfjs-core";
import { checkBadLabels, readIndices } from "../../information/check-labels.ts";
import { sum } from "../../internal/arrays.ts";
import { checkCams, checkInteger, checkLabelShape, checkOptions } from "../../internal/checks.ts";
import { ReadQueue } from "../../internal/read-queue.ts";
import { addBatch, addSums, type ClusterSums, clusterOf, emptySums } from "./cluster-sums.ts";

/** The result of {@link CamClusterEstimator} for the maps of one class, or of all classes. */
export interface CamClusterScore {
  /**
   * I(X;S|Y) in nats: the mean divergence of a map from the mean map of its class. Equal to the
   * generalised Jensen–Shannon divergence of all maps of the class with equal weights.
   */
  cmi: number;
  /** The mean effective area of a map, exp(entropy)/(h·w), within 1/(h·w)…1. */
  coverage: number;
  /**
   * The mean Jensen–Shannon divergence between two different maps of a class in nats, 0…log 2; null
   * without a pair. The mean over all classes weights those with pairs by their number of maps,
   * like `cmi`.
   */
  divergence: number | null;
  /** Number of maps. */
  count: number;
  /** Number of pairs behind `divergence`. */
  pairs: number;
}

/** Options of {@link CamClusterEstimator} and {@link camClusterScore}. */
export interface CamClusterOptions {
  /** C, the number of classes; an integer of at least 1. */
  numClasses: number;
}

/** The scores of one class. */
export interface CamClassScore extends CamClusterScore {
  /** The mean of the maps as distributions, [h][w], with sum 1. */
  meanMap: number[][];
}

/** The result of {@link CamClusterEstimator} over all maps so far. */
export interface CamClusterReport extends CamClusterScore {
  /** The scores of each class; null for a class without maps. */
  perClass: (CamClassScore | null)[];
}

/**
 * Measures how much the maps of a class differ from each other, in one pass over batches. Each map,
 * divided by its sum, is a distribution d over positions S:
 *
 * $$I(X; S | Y) = \frac{1}{n} \sum_i \mathrm{KL}(d_i \| \bar d_{y_i}), \qquad
 * \mathrm{coverage} = \frac{1}{n} \sum_i \frac{\exp H(d_i)}{h w}, \qquad
 * \mathrm{JS}_{ij} = H\big(\tfrac{d_i + d_j}{2}\big) - \tfrac{H(d_i) + H(d_j)}{2}$$
 *
 * **Accuracy.** `cmi` and `coverage` are computed from sums, and are exact for any split into batches. The entropy of a mixture of two maps is not a
 * sum, so `divergence` needs pairs. Only maps of the same batch are paired, because no map is kept.
 * If batches are drawn at random, it is an unbiased estimate from `pairs` pairs. For all pairs,
 * pass all maps in one batch, as {@link camClusterScore} does. (`cmi` measures how much all maps of
 * the class differ at once. It is at least (n − 1)/n of the mean divergence over all pairs.)
 *
 * **Read-back and cost.** Maps are read back asynchronously and summed in float64 on the CPU. The
 * state has h·w numbers for each class that has maps. n maps of a class in one batch take n²/2·h·w logarithms.
 *
 * Sources: the CMI of Ye et al., ICLR 2024 (arXiv 2401.08732), eq. 8–13, applied to maps; Lin,
 * "Divergence measures based on the Shannon entropy", IEEE Trans. Inf. Theory 37 (1991), for JS and
 * its generalised form.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { CamClusterEstimator, normalizeCam } from "kd-cmi";
 *
 * const estimator = new CamClusterEstimator({ numClasses: 2 });
 * for (let batch = 0; batch < 2; batch++) {
 *   const cams = normalizeCam(tf.randomUniform([4, 7, 7]), { to: "distribution" });
 *   await estimator.update(tf.tensor1d([0, 1, 1, 0], "int32"), cams);
 * }
 * const { cmi, coverage, perClass } = await estimator.result();
 * ```
 */
export class CamClusterEstimator {
  private readonly numClasses: number;
  /**
   * A batch is added to the object that was current when it arrived; `reset` replaces the object.
   */
  private sums: ClusterSums | undefined;
  /** Pending batches and merges, in order. */
  private readonly queue = new ReadQueue();

  /**
   * @param options `numClasses`, see {@link CamClusterOptions}.
   * @throws If `numClasses` is not an integer of at least 1.
   */
  constructor(options: CamClusterOptions) {
    checkOptions("CamClusterEstimator", options, ["numClasses"]);
    const { numClasses } = options;
    checkInteger("CamClusterEstimator", "numClasses", numClasses, 1);
    this.numClasses = numClasses;
  }

  /**
   * Adds a batch. The tensors may be disposed as soon as this returns.
   *
   * @param labels int32 class indices [N] or one-hot [N, C]. An invalid label makes `result()`
   * reject.
   * @param cams float32 [N, h, w], at least 0, such as the result of {@link normalizeCam}. Each map
   * is divided by its sum, and a map of zeros counts as uniform. Negative values, NaN and
   * infinities make `result()` reject.
   * @returns A promise that resolves when the batch has been added. Awaiting it is optional, except
   * to limit the memory of queued batches.
   * @throws Synchronously, if a shape or dtype is not as described or h or w has changed.
   */
  update(labels: tf.Tensor, cams: tf.Tensor): Promise<void> {
    const fn = "CamClusterEstimator.update";
    const [n, h, w] = checkCams(fn, "cams", cams).shape;
    checkLabelShape(fn, labels, { shape: [n, this.numClasses] });
    const sums = this.sumsOf([h, w], "update");
    const { shape } = labels;
    return this.queue.read([labels, cams], (y, values) => {
      addBatch(sums, readIndices(y!, shape, this.numClasses), values as Float32Array);
    });
  }

  /**
   * Adds everything that another estimator has counted so far. The other estimator is unchanged. No
   * pairs are formed between the two.
   *
   * @param other An estimator of the same number of classes and the same size of maps.
   * @returns A promise that resolves when the maps have been added. Awaiting it is optional.
   * @throws If the numbers of classes or the sizes of the maps differ.
   */
  merge(other: CamClusterEstimator): Promise<void> {
    if (other.numClasses !== this.numClasses) {
      const expected = `${this.numClasses} classes as here`;
      throw new Error(`CamClusterEstimator.merge: expected ${expected}, got ${other.numClasses}`);
    }
    const theirs = other.sums;
    if (!theirs) return Promise.resolve();
    const sums = this.sumsOf(theirs.size, "merge");
    return this.queue.follow(other.queue, theirs, (state) => addSums(sums, state));
  }

  /**
   * Computes the report over all maps so far, after all pending batches have been read.
   *
   * @returns See {@link CamClusterReport}; information is in nats.
   * @throws Rejects if there are no maps, if a label is invalid, or if a map has a value that is
   * negative or not finite.
   */
  async result(): Promise<CamClusterReport> {
    await this.queue.settle();
    if (!this.sums) {
      throw new Error("CamClusterEstimator.result: there are no maps, call update first");
    }
    checkRows(this.sums, this.numClasses);
    return report(this.sums, this.numClasses);
  }

  /** Discards all maps, including those still being read, and their size. */
  reset(): void {
    this.queue.reset();
    this.sums = undefined;
  }

  /** Frees the state. The estimator is empty afterwards. It holds no tensors. */
  dispose(): void {
    this.reset();
  }

  private sumsOf(size: ClusterSums["size"], method: string): ClusterSums {
    this.sums ??= emptySums(size);
    const [h, w] = this.sums.size;
    if (h === size[0] && w === size[1]) return this.sums;
    const expected = `maps of ${h}x${w} as before`;
    throw new Error(`CamClusterEstimator.${method}: expected ${expected}, got ${size.join("x")}`);
  }
}

function checkRows({ badLabels, badMaps }: ClusterSums, numClasses: number): void {
  checkBadLabels("CamClusterEstimator.result", badLabels, numClasses);
  if (badMaps > 0) {
    throw new Error(
      `CamClusterEstimator.result: cams must be finite and at least 0, ${badMaps} maps are not`,
    );
  }
}

function report(sums: ClusterSums, numClasses: number): CamClusterReport {
  const [h, w] = sums.size;
  const perClass = Array.from({ length: numClasses }, (_, y): CamClassScore | null => {
    const own = sums.classes.get(y);
    if (!own) return null;
    const { count, pairs } = own;
    const { cmi, mean } = clusterOf(own);
    const coverage = own.area / count / (h * w);
    const divergence = pairs > 0 ? own.divergence / pairs : null;
    const meanMap = Array.from({ length: h }, (_, i) => [...mean.subarray(i * w, (i + 1) * w)]);
    return { cmi, coverage, divergence, count, pairs, meanMap };
  });
  const present = perClass.filter((score) => score !== null);
  const paired = present.filter((score) => score.pairs > 0);
  return {
    cmi: meanOver(present, (score) => score.cmi),
    coverage: meanOver(present, (score) => score.coverage),
    divergence: paired.length > 0 ? meanOver(paired, (score) => score.divergence ?? 0) : null,
    count: sum(present.map((score) => score.count)),
    pairs: sum(present.map((score) => score.pairs)),
    perClass,
  };
}

/** The mean of a score over classes, each weighted by its number of maps. */
function meanOver(
  classes: readonly CamClassScore[],
  scoreOf: (score: CamClassScore) => number,
): number {
  const total = sum(classes.map((score) => score.count));
  return sum(classes.map((score) => scoreOf(score) * (score.count / total)));
}
