import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { checkOptions, describeValue } from "../../internal/checks.ts";
import { type Batch, type BatchSource, START, sizeOf } from "../data/batch-source.ts";
import { checkModel, checkNames } from "../model/check-model.ts";
import { addPenalties } from "./add-penalties.ts";
import { distillationBatch } from "./distillation-batch.ts";
import { DISTILLER_OPTIONS, type DistillerOptions } from "./distiller-options.ts";
import { type DistillationLoss, type Metric, measure } from "./measure.ts";
import { frozenWeights, minimize } from "./minimize.ts";
import { layersNetwork, type Network, type Outputs } from "./networks.ts";
import { recordLayers } from "./record-layers.ts";
import type { TeacherCache } from "./teacher-cache.ts";
import { storedOutputs, type TeacherNetwork, teacherNetwork } from "./teachers.ts";
import { type Scalars, Totals } from "./totals.ts";

/** The parts of a training step. */
export interface Parts {
  /** The public function that error messages name. */
  fn: string;
  student: tfl.LayersModel;
  teacher: DistillerOptions["teacher"];
  teacherNetwork: TeacherNetwork;
  studentNetwork: Network;
  loss: DistillationLoss;
  metrics: readonly Metric[];
  cache: TeacherCache | undefined;
}

/** Checks the options and builds the networks. Without metrics and cache. */
export function partsOf(fn: string, options: DistillerOptions): Parts {
  checkOptions(fn, options, DISTILLER_OPTIONS);
  const { teacher, student, loss, teacherLayers = [], studentLayers = [] } = options;
  checkModel(fn, "student", student);
  if (typeof loss !== "function") {
    throw new Error(`${fn}: loss must be a function, got ${describeValue(loss)}`);
  }
  // A sequential model that is not built has no penalties.
  if (!student.built) student.build(student.inputs[0]!.shape);
  checkNames(fn, "teacherLayers", teacherLayers);
  checkNames(fn, "studentLayers", studentLayers);
  return {
    fn,
    student,
    teacher,
    loss,
    metrics: [],
    teacherNetwork: teacherNetwork(fn, teacher, teacherLayers),
    studentNetwork: layersNetwork(fn, "student", student, studentLayers),
    cache: undefined,
  };
}

/** One step of the student's optimizer. The caller owns the scalars. */
export async function trainStep(parts: Parts, batch: Batch): Promise<Scalars> {
  const teacher = await teacherOutputs(parts, batch);
  try {
    return stepFrom(parts, parts.student.optimizer, batch, teacher);
  } finally {
    disposeOutputs(teacher, batch);
  }
}

/** Disposes of outputs, unless the batch owns them. */
function disposeOutputs({ logits, features, named }: Outputs, batch: Batch): void {
  if (!batch.teacher) tf.dispose([logits, features, named]);
}

/** One step of an optimizer from the teacher's outputs. The caller owns the scalars. */
export function stepFrom(
  parts: Parts,
  optimizer: tf.Optimizer,
  batch: Batch,
  teacher: Outputs,
): Scalars {
  const { fn, student, studentNetwork, loss, metrics } = parts;
  const kept: Scalars = {};
  let isWeighted = false;
  try {
    minimize(optimizer, frozenBefore(parts), () => {
      const { value, layers } = recordLayers(() => {
        const outputs = studentNetwork(batch.inputs, true);
        const args = distillationBatch(fn, batch, teacher, outputs, true, () => {
          isWeighted = true;
        });
        return measure(fn, loss, metrics, args, outputs.logits);
      });
      if (batch.weights && !isWeighted) {
        const expected = "read the batch's weights, since classWeight or sampleWeight is given";
        throw new Error(`${fn}: the loss must ${expected}`);
      }
      const total = addPenalties(value.total, student, layers);
      const reported = { ...value.reported, loss: tf.cast(total, "float32") };
      for (const [name, scalar] of Object.entries(reported)) kept[name] = tf.keep(scalar);
      return { loss: total, layers };
    });
    return kept;
  } catch (error) {
    tf.dispose(kept);
    throw error;
  }
}

/** Frozen weights of the student, and the weights of the teacher that are not the student's. */
function frozenBefore({ student, teacher }: Parts): Set<tf.Tensor> {
  const frozen = frozenWeights([student]);
  if (!(teacher instanceof tfl.LayersModel)) return frozen;
  const own = new Set(student.weights.map((weight) => weight.read()));
  for (const weight of teacher.weights) if (!own.has(weight.read())) frozen.add(weight.read());
  return frozen;
}

/** Sample-weighted means over all batches, in inference mode. */
export async function evaluateBatches(
  parts: Parts,
  source: BatchSource,
): Promise<Record<string, number>> {
  const { fn, studentNetwork, loss, metrics } = parts;
  const totals = new Totals();
  try {
    for await (const batch of source.batches(START)) {
      const teacher = await teacherOutputs({ ...parts, cache: undefined }, batch);
      try {
        const reported = tf.tidy(() => {
          const student = studentNetwork(batch.inputs, false);
          const args = distillationBatch(fn, batch, teacher, student, false);
          return measure(fn, loss, metrics, args, student.logits).reported;
        });
        totals.add(reported, sizeOf(batch));
        tf.dispose(reported);
      } finally {
        disposeOutputs(teacher, batch);
      }
    }
    if (totals.isEmpty) throw new Error(`${fn}: the data must have at least 1 batch, got none`);
    return await totals.means();
  } finally {
    totals.dispose();
  }
}

/** The teacher's outputs for a batch: those of the data, from the cache, or computed. */
async function teacherOutputs(
  { fn, teacherNetwork, cache }: Parts,
  batch: Batch,
): Promise<Outputs> {
  const { inputs, indices, rows, teacher } = batch;
  if (teacher) return storedOutputs(teacher);
  if (!cache) return teacherNetwork(inputs);
  if (!indices) {
    throw new Error(
      `${fn}: cacheTeacher needs the indices of the samples, got elements without: map the dataset's elements to {xs, ys, indices}`,
    );
  }
  const samples = rows ?? (await indices.data());
  const cached = cache.get(samples);
  if (cached) return cached;
  const outputs = await teacherNetwork(inputs);
  await cache.put(samples, outputs);
  return outputs;
}
