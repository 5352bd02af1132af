import * as tf from "@tensorflow/tfjs-core";
import {
  checkInteger,
  checkOptions,
  checkTensor,
  describe,
  describeValue,
} from "../../internal/checks.ts";
import { type BatchSource, type BatchSourceOptions, batchSource } from "../data/batch-source.ts";
import { holdOut } from "../data/hold-out.ts";
import {
  checkData,
  checkTensors,
  type DistillationData,
  type DistillationTensors,
  isDataset,
  type LabelledDataset,
  type LabelledPair,
  sampleCount,
  type TeacherTensors,
  tensorsOf,
  toData,
} from "../data/labelled-data.ts";
import { checkClassWeight, classWeightedSource } from "../data/sample-weights.ts";
import { checkOptimizer } from "./check-optimizer.ts";
import type { DistillerOptions } from "./distiller-options.ts";
import { type DistillerHistory, EPOCH_OPTIONS, type EpochOptions, trainEpochs } from "./epochs.ts";
import { accuracy, binaryAccuracy, type Metric } from "./measure.ts";
import { evaluateBatches, type Parts, partsOf } from "./step.ts";
import { TeacherCache } from "./teacher-cache.ts";

/** Options of {@link Distiller.compile}, as of `tf.LayersModel.compile`. */
export interface DistillerCompileOptions {
  optimizer: string | tf.Optimizer;
  /**
   * `"accuracy"`, reported as `acc`; `"binaryAccuracy"`, the share of correct labels of multi-label
   * outputs; or functions of labels and logits, reported by their names. The accuracy of a single logit
   * is binary.
   */
  metrics?: readonly ("accuracy" | "binaryAccuracy" | Metric[1])[] | undefined;
}

/** Options of {@link Distiller.fit}. `teacherLogits` and `teacherFeatures` have a row for each sample. */
export interface DistillerFitOptions extends EpochOptions, TeacherTensors {
  /** Default 32. */
  batchSize?: number | undefined;
  /** Whether the samples are shuffled in each epoch; default true. */
  shuffle?: boolean | undefined;
  /** An integer ≥ 0 that determines the orders; default random, or that of the restored checkpoint. */
  seed?: number | undefined;
  /** Share of the samples, the last ones, that is held out; within 0–1, default 0. */
  validationSplit?: number | undefined;
  /** Takes precedence over `validationSplit`. */
  validationData?: DistillationData | LabelledPair | undefined;
  /** Batches in each pass over validation data that are a data set; default: all of it. */
  validationBatches?: number | undefined;
  /**
   * A weight for each training sample, float32 [N], or for each position of dense outputs, [N, …], such as
   * a mask of 0 and 1. The loss reads them as `weights`, also for the samples that `validationSplit` holds
   * out. Weights of `validationData` are its `weights`.
   */
  sampleWeight?: tf.Tensor | undefined;
}

/** Options of {@link Distiller.fitDataset}. */
export interface DistillerFitDatasetOptions extends EpochOptions {
  /** Required for an endless data set, which continues from epoch to epoch. Default: all of it. */
  batchesPerEpoch?: number | undefined;
  validationData?: DistillationData | LabelledPair | undefined;
  /** Batch size of validation data in memory; default 32. */
  validationBatchSize?: number | undefined;
  /**
   * Batches in each pass over validation data that are a data set. Required for an endless one.
   * Default: all of it.
   */
  validationBatches?: number | undefined;
}

/** Options of {@link Distiller.evaluate}. `teacherLogits` and `teacherFeatures` are those of the samples. */
export interface DistillerEvaluateOptions extends TeacherTensors {
  /** Default 32. */
  batchSize?: number | undefined;
  /** A weight for each sample, float32 [N], or for each position, [N, …], as in `fit`. */
  sampleWeight?: tf.Tensor | undefined;
}

/** Options of {@link Distiller.evaluateDataset}. */
export interface DistillerEvaluateDatasetOptions {
  /** The number of batches. Required for an endless data set. Default: all of it. */
  batches?: number | undefined;
}

/**
 * Trains a student against a frozen teacher, with any loss of their outputs. Options and history are
 * those of `tf.LayersModel`.
 *
 * **Teachers.** A teacher is a `tf.LayersModel`, a `tf.GraphModel`, or a function of the inputs, also an
 * asynchronous one. Without a teacher, the data carry its outputs: the options `teacherLogits` and
 * `teacherFeatures` of `fit` and `evaluate`, and the keys of the same names in validation data and in
 * elements of data sets. {@link readTeacherOutputs} reads them from a file, and {@link averageTeachers}
 * makes one teacher of several. If teacher and student need different preprocessing, give the Distiller
 * the student's inputs and a function that converts them for the teacher, such as
 * `(x) => teacher.predict(tf.image.resizeBilinear(x, [224, 224]))`. Or precompute the teacher's outputs
 * from its own inputs.
 *
 * The teacher's outputs are computed in inference mode and are constants. As in `model.fit`, the
 * trainable weights of the student are trained, and the penalties of its regularizers are part of the
 * loss. The same holds for the layers and models that the loss applies, such as projection heads and
 * regressors. Other variables that the loss depends on are trained too. Weights of the teacher are not.
 * Validation has no penalties. `compile` also compiles the student with cross-entropy from logits as its
 * loss, binary for a single logit, so that callbacks find the optimizer and `student.evaluate` works.
 *
 * For models with several outputs, the loss reads `teacherOutputs` and `studentOutputs` by name. Labels
 * may be omitted if neither the loss nor a metric reads them.
 *
 * `fit` provides the loss with `indices`, which memory banks need. `fitDataset` provides them if the
 * elements are `{xs, ys, indices}`. Each epoch adds to the history `loss`, each term of a
 * {@link weightedSum}, each metric, and `val_…` of all of these, as means over samples.
 *
 * `classWeight` and `sampleWeight` give each sample a weight. The loss must pass the weights on, as in
 * `kdLoss(teacherLogits, studentLogits, { weights })`. A loss that does not read them is refused. The
 * reduction `MEAN` divides by the sum of the weights, and `SUM_BY_NONZERO_WEIGHTS` by the number of
 * samples whose weight is not 0. `tf.LayersModel.fit` divides by the number of all samples.
 *
 * With a `checkpoint`, an interrupted run resumes from the last one, also in a new process, to
 * bitwise-identical weights and history, if the checkpoint covers all state that the loss changes and
 * dropout has a `seed`. Early stopping restarts its patience.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { kdLoss } from "kd-cmi";
 * import { Distiller, weightedSum } from "kd-cmi/layers";
 *
 * const network = (units: number) =>
 *   tfl.sequential({
 *     layers: [
 *       tfl.layers.dense({ units, activation: "relu", inputShape: [4] }),
 *       tfl.layers.dense({ units: 3 }),
 *     ],
 *   });
 * const inputs = tf.randomNormal([64, 4]);
 * const classes = Array.from({ length: 64 }, (_, i) => i % 3);
 * const labels = tf.oneHot(tf.tensor1d(classes, "int32"), 3);
 * const distiller = new Distiller({
 *   teacher: network(32),
 *   student: network(8),
 *   loss: ({ labels, teacherLogits, studentLogits }) =>
 *     weightedSum({
 *       kd: [0.9, kdLoss(teacherLogits, studentLogits, { temperature: 4 })],
 *       crossEntropy: [0.1, tf.losses.softmaxCrossEntropy(labels, studentLogits)],
 *     }),
 * });
 * distiller.compile({ optimizer: "adam", metrics: ["accuracy"] });
 * const { history } = await distiller.fit(inputs, labels, { epochs: 2 });
 * console.log(history.loss, history.kd, history.acc);
 * ```
 */
export class Distiller {
  private readonly parts: Parts;
  private readonly cacheTeacher: boolean;
  /** Undefined before `compile`. */
  private metrics: Metric[] | undefined;

  /**
   * Sets models, loss and layers. Call {@link compile} next.
   *
   * @param options Teacher, student, loss and layers, see {@link DistillerOptions}.
   * @throws If a model or the loss is not as described, a layer is not in its model, or `teacherLayers`
   * are given for a teacher without layers.
   */
  constructor(options: DistillerOptions) {
    this.parts = partsOf("Distiller", options);
    this.cacheTeacher = options.cacheTeacher ?? false;
  }

  /**
   * Sets optimizer and metrics, as `tf.LayersModel.compile`.
   *
   * @throws If the optimizer is unknown or a metric is not as described.
   */
  compile(options: DistillerCompileOptions): void {
    const fn = "Distiller.compile";
    checkOptions(fn, options, ["optimizer", "metrics"]);
    const { optimizer, metrics = [] } = options;
    if (typeof optimizer !== "string") checkOptimizer(fn, optimizer);
    if (!Array.isArray(metrics)) {
      const expected = 'a list of "accuracy", "binaryAccuracy" or functions';
      throw new Error(`${fn}: metrics must be ${expected}, got ${describeValue(metrics)}`);
    }
    this.parts.student.compile({ optimizer, loss: crossEntropy });
    this.metrics = metrics.map((metric): Metric => {
      if (metric === "accuracy") return ["acc", accuracy];
      if (metric === "binaryAccuracy") return [metric, binaryAccuracy];
      if (typeof metric === "function") return [metric.name, metric];
      throw new Error(
        `${fn}: metrics must be "accuracy", "binaryAccuracy" or functions, got ${describeValue(metric)}`,
      );
    });
  }

  /**
   * Trains on tensors.
   *
   * @param inputs [N, …], or a list for a student with several inputs.
   * @param labels [N], [N, C], or [N, …] and [N, …, C] for dense outputs, in the form that the loss expects.
   * Undefined if neither the loss nor a metric reads them.
   * @param options As of `tf.LayersModel.fit`, `seed`, and outputs of the teacher.
   * @returns The history: `history.loss` and the others, with a number for each epoch.
   * @throws If the Distiller is not compiled, or an option or a shape is not as described. Errors of the
   * loss are thrown before the first step.
   */
  async fit(
    inputs: tf.Tensor | tf.Tensor[],
    labels?: tf.Tensor,
    options: DistillerFitOptions = {},
  ): Promise<DistillerHistory> {
    const fn = "Distiller.fit";
    checkOptions(fn, options, [
      ...EPOCH_OPTIONS,
      "batchSize",
      "shuffle",
      "seed",
      "validationSplit",
      "validationData",
      "validationBatches",
      "sampleWeight",
      "teacherLogits",
      "teacherFeatures",
    ]);
    const { batchSize = 32, shuffle = true, validationSplit = 0, validationData } = options;
    const { seed = Math.floor(Math.random() * 2 ** 32) } = options;
    checkInteger(fn, "batchSize", batchSize, 1);
    checkInteger(fn, "seed", seed, 0);
    const data = samplesOf(fn, "the training data", inputs, labels, options);
    checkClassWeight(fn, options.classWeight);
    const { kept, held } = holdOut(fn, data, validationSplit);
    try {
      const batches = this.sourceOf(fn, kept, { batchSize, indexed: true });
      const source = classWeightedSource(fn, batches, options.classWeight);
      const validation = this.validationSource(fn, validationData ?? held, batchSize, options);
      const order = shuffle ? seed : undefined;
      return await trainEpochs(fn, this.compiled(fn), source, validation, options, order);
    } finally {
      if (held) tf.dispose([kept, held].flatMap(tensorsOf));
    }
  }

  /**
   * Trains on a `tf.data.Dataset` whose elements are batches: `{xs, ys}`, and optionally `indices`,
   * `weights`, `teacherLogits` and `teacherFeatures`.
   *
   * If the data set ends before `batchesPerEpoch * epochs` batches, training stops with a warning.
   *
   * @returns The history, as of {@link fit}.
   * @throws If the Distiller is not compiled, an option or an element is not as described, or the data
   * set is empty, or endless without `batchesPerEpoch`. Errors of the loss are thrown before the first
   * step.
   */
  async fitDataset(
    dataset: LabelledDataset,
    options: DistillerFitDatasetOptions = {},
  ): Promise<DistillerHistory> {
    const fn = "Distiller.fitDataset";
    checkOptions(fn, options, [
      ...EPOCH_OPTIONS,
      "batchesPerEpoch",
      "validationData",
      "validationBatchSize",
      "validationBatches",
    ]);
    const { batchesPerEpoch, validationData, validationBatchSize = 32 } = options;
    checkInteger(fn, "validationBatchSize", validationBatchSize, 1);
    if (batchesPerEpoch !== undefined) checkInteger(fn, "batchesPerEpoch", batchesPerEpoch, 1);
    checkData(fn, "dataset", dataset, false, batchesPerEpoch !== undefined, "batchesPerEpoch");
    checkClassWeight(fn, options.classWeight);
    const batches = this.sourceOf(fn, dataset, { batchesPerEpoch });
    const source = classWeightedSource(fn, batches, options.classWeight);
    const validation = this.validationSource(fn, validationData, validationBatchSize, options);
    return trainEpochs(fn, this.compiled(fn), source, validation, options);
  }

  /**
   * Evaluates on tensors.
   *
   * @returns The means of loss, terms and metrics over samples, in inference mode. Unlike those of
   * `tf.LayersModel.evaluate` they have names.
   * @throws If the Distiller is not compiled or a shape is not as described, and the errors of the loss.
   */
  async evaluate(
    inputs: tf.Tensor | tf.Tensor[],
    labels?: tf.Tensor,
    options: DistillerEvaluateOptions = {},
  ): Promise<Record<string, number>> {
    const fn = "Distiller.evaluate";
    checkOptions(fn, options, ["batchSize", "sampleWeight", "teacherLogits", "teacherFeatures"]);
    const { batchSize = 32 } = options;
    checkInteger(fn, "batchSize", batchSize, 1);
    const data = samplesOf(fn, "the data", inputs, labels, options);
    return evaluateBatches(this.compiled(fn), this.sourceOf(fn, data, { batchSize }));
  }

  /**
   * Evaluates on a `tf.data.Dataset` of batches.
   *
   * @param dataset Its elements are batches, `{xs, ys}`.
   * @param options `batches`, as of `tf.LayersModel.evaluateDataset`.
   * @returns As of {@link evaluate}.
   * @throws If the Distiller is not compiled, an option or an element is not as described, or the data
   * set is empty, or endless without `batches`, and the errors of the loss.
   */
  async evaluateDataset(
    dataset: LabelledDataset,
    options: DistillerEvaluateDatasetOptions = {},
  ): Promise<Record<string, number>> {
    const fn = "Distiller.evaluateDataset";
    checkOptions(fn, options, ["batches"]);
    const { batches } = options;
    if (batches !== undefined) checkInteger(fn, "batches", batches, 1);
    checkData(fn, "dataset", dataset, false, batches !== undefined, "batches");
    const source = this.sourceOf(fn, dataset, { batchesPerPass: batches });
    return evaluateBatches(this.compiled(fn), source);
  }

  private sourceOf(fn: string, data: DistillationData, options?: BatchSourceOptions): BatchSource {
    return batchSource(fn, this.parts.student, data, { ...options, needsLabels: false });
  }

  private validationSource(
    fn: string,
    validationData: DistillationData | LabelledPair | undefined,
    batchSize: number,
    { validationBatches }: Pick<DistillerFitDatasetOptions, "validationBatches">,
  ): BatchSource | undefined {
    if (validationBatches !== undefined) {
      checkInteger(fn, "validationBatches", validationBatches, 1);
    }
    const data = validationData && toData(validationData);
    if (validationBatches !== undefined && !(data && isDataset(data))) {
      const got = data ? "tensors" : "none";
      throw new Error(`${fn}: validationBatches needs validationData as a data set, got ${got}`);
    }
    if (!data) return undefined;
    const mayBeEndless = validationBatches !== undefined;
    checkData(fn, "validationData", data, false, mayBeEndless, "validationBatches");
    return this.sourceOf(fn, data, { batchSize, batchesPerPass: validationBatches });
  }

  private compiled(fn: string): Parts {
    if (!this.metrics) throw new Error(`${fn}: the Distiller must be compiled first`);
    const cache = this.cacheTeacher ? new TeacherCache() : undefined;
    return { ...this.parts, metrics: this.metrics, cache };
  }
}

/** Samples in memory, checked. */
function samplesOf(
  fn: string,
  name: string,
  inputs: tf.Tensor | tf.Tensor[],
  labels: tf.Tensor | undefined,
  { sampleWeight, teacherLogits, teacherFeatures }: DistillerEvaluateOptions,
): DistillationTensors {
  const data = { xs: inputs, ys: labels, teacherLogits, teacherFeatures };
  checkTensors(fn, name, data, false);
  if (sampleWeight) checkSampleWeight(fn, sampleWeight, sampleCount(data));
  return { ...data, weights: sampleWeight };
}

function checkSampleWeight(fn: string, sampleWeight: tf.Tensor, samples: number): void {
  const isTensor = sampleWeight instanceof tf.Tensor;
  if (isTensor) checkTensor(fn, "sampleWeight", sampleWeight);
  if (isTensor && sampleWeight.shape[0] === samples && sampleWeight.dtype === "float32") return;
  const got = isTensor ? describe(sampleWeight) : describeValue(sampleWeight);
  throw new Error(
    `${fn}: sampleWeight must be float32 [${samples}] or [${samples},...], got ${got}`,
  );
}

/** Cross-entropy from logits, binary for a single logit. */
const crossEntropy = (labels: tf.Tensor, logits: tf.Tensor): tf.Scalar =>
  logits.shape.at(-1) === 1
    ? tf.losses.sigmoidCrossEntropy(tf.reshape(labels, logits.shape), logits)
    : tf.losses.softmaxCrossEntropy(labels, logits);
