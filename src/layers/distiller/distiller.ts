import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger } from "../../internal/checks.ts";
import { datasetSource, holdOut, tensorSource } from "../data/batch-sources.ts";
import type { LabelledDataset } from "../data/labelled-data.ts";
import { type EpochOptions, trainEpochs } from "./epochs.ts";
import { accuracy, type DistillationLoss, type Metric } from "./measure.ts";
import { type LogitsModel, layersNetwork, teacherNetwork } from "./networks.ts";
import { evaluateBatches, type Parts } from "./step.ts";
import { TeacherCache } from "./teacher-cache.ts";

/** What a {@link Distiller} is built from. */
export interface DistillerOptions {
  /** A tfjs-layers model, or anything else with `predict`, such as a `tf.GraphModel`. */
  teacher: tfl.LayersModel | LogitsModel;
  student: tfl.LayersModel;
  /** Composed of this library's losses; `weightedSum` has each of them reported. */
  loss: DistillationLoss;
  /** Layers whose outputs are `teacherFeatures`; a tfjs-layers teacher only. */
  teacherLayers?: readonly string[] | undefined;
  /** Layers whose outputs are `studentFeatures`. */
  studentLayers?: readonly string[] | undefined;
  /**
   * Keeps the teacher's outputs for each sample of the training data in memory after the first
   * epoch; default false. Wrong where the inputs of a sample change, as by augmentation.
   */
  cacheTeacher?: boolean | undefined;
}

/** Options of {@link Distiller.compile}, as of `tf.LayersModel.compile`. */
export interface DistillerCompileOptions {
  optimizer: string | tf.Optimizer;
  /** `"accuracy"`, reported as `acc`, or scalars of labels and logits by the function's name. */
  metrics?: readonly ("accuracy" | Metric[1])[] | undefined;
}

/** Options of {@link Distiller.fit}. */
export interface DistillerFitOptions extends EpochOptions {
  /** Default 32. */
  batchSize?: number | undefined;
  /** Whether each epoch has an order of its own; default true. */
  shuffle?: boolean | undefined;
  /** An integer ≥ 0 that fixes the orders; default random, and that of a checkpoint where there is one. */
  seed?: number | undefined;
  /** The share of the samples, the last ones, that is held out; within 0–1, default 0. */
  validationSplit?: number | undefined;
  /** Inputs and labels; rules out `validationSplit`. */
  validationData?: readonly [inputs: tf.Tensor | tf.Tensor[], labels: tf.Tensor] | undefined;
}

/** Options of {@link Distiller.fitDataset}. */
export interface DistillerFitDatasetOptions extends EpochOptions {
  /** Where the data set is endless; it then goes on from epoch to epoch. Default: all of it. */
  batchesPerEpoch?: number | undefined;
  /** A data set of batches, or inputs and labels. */
  validationData?:
    | LabelledDataset
    | readonly [inputs: tf.Tensor | tf.Tensor[], labels: tf.Tensor]
    | undefined;
  /** Size of validation batches of tensors; default 32. */
  validationBatchSize?: number | undefined;
}

/**
 * Trains a student from a teacher, by any loss of both, with the options and the history of
 * `tf.LayersModel`.
 *
 * The teacher is frozen: its outputs are computed in inference mode, outside of what is
 * differentiated. What is trained is every variable that the loss depends on: the student's, and those
 * of projection heads and regressors that the loss uses. `compile` compiles the student too, with
 * cross-entropy from logits as its loss, so that callbacks find their optimizer, and
 * `student.evaluate` serves.
 *
 * `fit` gives the loss `indices`, which memory banks need; `fitDataset` does where the elements have
 * them, `{xs, ys, indices}`. Each epoch the history gets `loss`, each term of a {@link weightedSum},
 * each metric, and `val_…` of all, as means over samples.
 *
 * With a `checkpoint` a training that was interrupted, however it was, continues from the last one that
 * was written, in a new process too, to the very weights and history of one that was not. For that the
 * loss may depend on nothing else that changes than what the checkpoint is given, and dropout needs a
 * `seed`; early stopping begins its patience anew.
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
  private readonly parts: Omit<Parts, "metrics">;
  /** Undefined before `compile`. */
  private metrics: Metric[] | undefined;

  /**
   * @throws If a model or the loss is not as described, a layer is not in its model, or layers are
   * named of a teacher that has no layers.
   */
  constructor(options: DistillerOptions) {
    const { teacher, student, loss, teacherLayers = [], studentLayers = [] } = options;
    if (!(student instanceof tfl.LayersModel)) {
      throw new Error("Distiller: student must be a tf.LayersModel");
    }
    if (typeof loss !== "function") {
      throw new Error(`Distiller: loss must be a function, got ${typeof loss}`);
    }
    this.parts = {
      student,
      loss,
      teacherNetwork: teacherNetwork(teacher, teacherLayers),
      studentNetwork: layersNetwork("student", student, studentLayers),
      cache: options.cacheTeacher ? new TeacherCache() : undefined,
    };
  }

  /**
   * Says how to train, as `tf.LayersModel.compile`.
   *
   * @throws If the optimizer is not known or a metric is not as described.
   */
  compile({ optimizer, metrics = [] }: DistillerCompileOptions): void {
    const loss = (labels: tf.Tensor, logits: tf.Tensor) =>
      tf.losses.softmaxCrossEntropy(labels, logits);
    this.parts.student.compile({ optimizer, loss });
    this.metrics = metrics.map((metric): Metric => {
      if (metric === "accuracy") return ["acc", accuracy];
      if (typeof metric === "function") return [metric.name, metric];
      throw new Error(`Distiller.compile: metrics must be "accuracy" or functions, got ${metric}`);
    });
  }

  /**
   * Trains on tensors.
   *
   * @param inputs [N, …], or a list of such for a student with several inputs.
   * @param labels [N] or [N, C], of the form that the loss takes.
   * @param options As of `tf.LayersModel.fit`, and `seed`.
   * @returns The history: `history.loss` and the rest, a number for each epoch.
   * @throws If the Distiller is not compiled, or an option or a shape is not as described; and what the
   * loss throws, before the first step.
   */
  async fit(
    inputs: tf.Tensor | tf.Tensor[],
    labels: tf.Tensor,
    options: DistillerFitOptions = {},
  ): Promise<tfl.History> {
    const fn = "Distiller.fit";
    const { batchSize = 32, shuffle = true, validationSplit = 0, validationData } = options;
    const { seed = Math.floor(Math.random() * 2 ** 32) } = options;
    checkInteger(fn, "batchSize", batchSize, 1);
    checkInteger(fn, "seed", seed, 0);
    const { kept, held } = holdOut(fn, [inputs, labels], validationSplit);
    const validation = validationData ?? held;
    try {
      return await trainEpochs(
        fn,
        this.compiled(fn),
        tensorSource(fn, kept, batchSize),
        validation && tensorSource(fn, validation, batchSize, "validationData"),
        options,
        shuffle ? seed : undefined,
      );
    } finally {
      if (held) tf.dispose([...kept, ...held]);
    }
  }

  /**
   * Trains on a `tf.data.Dataset` whose elements are batches, `{xs, ys}` or `{xs, ys, indices}`.
   *
   * @returns The history, as of {@link fit}.
   * @throws If the Distiller is not compiled, or an option or an element is not as described; and what
   * the loss throws, before the first step.
   */
  async fitDataset(
    dataset: LabelledDataset,
    options: DistillerFitDatasetOptions = {},
  ): Promise<tfl.History> {
    const fn = "Distiller.fitDataset";
    const { batchesPerEpoch, validationData, validationBatchSize = 32 } = options;
    if (batchesPerEpoch !== undefined) checkInteger(fn, "batchesPerEpoch", batchesPerEpoch, 1);
    checkInteger(fn, "validationBatchSize", validationBatchSize, 1);
    const validation =
      validationData && "iterator" in validationData
        ? datasetSource(fn, this.parts.student, validationData)
        : validationData && tensorSource(fn, validationData, validationBatchSize, "validationData");
    const source = datasetSource(fn, this.parts.student, dataset, batchesPerEpoch);
    return trainEpochs(fn, this.compiled(fn), source, validation, options);
  }

  /**
   * The means of loss, terms and metrics over samples, in inference mode; named, unlike those of
   * `tf.LayersModel.evaluate`.
   *
   * @throws If the Distiller is not compiled or a shape is not as described, and what the loss throws.
   */
  async evaluate(
    inputs: tf.Tensor | tf.Tensor[],
    labels: tf.Tensor,
    { batchSize = 32 }: { batchSize?: number | undefined } = {},
  ): Promise<Record<string, number>> {
    const fn = "Distiller.evaluate";
    checkInteger(fn, "batchSize", batchSize, 1);
    const source = tensorSource(fn, [inputs, labels], batchSize, "inputs");
    return evaluateBatches(this.compiled(fn), source);
  }

  /** {@link evaluate} over a `tf.data.Dataset` of batches. */
  async evaluateDataset(dataset: LabelledDataset): Promise<Record<string, number>> {
    const fn = "Distiller.evaluateDataset";
    return evaluateBatches(this.compiled(fn), datasetSource(fn, this.parts.student, dataset));
  }

  private compiled(fn: string): Parts {
    if (!this.metrics) throw new Error(`${fn}: the Distiller must be compiled first`);
    return { ...this.parts, metrics: this.metrics };
  }
}
