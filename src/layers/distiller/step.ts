import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { type Batch, type BatchSource, START } from "../data/batch-source.ts";
import { distillationBatch } from "./distillation-batch.ts";
import type { DistillerOptions } from "./distiller-options.ts";
import { type DistillationLoss, type Metric, measure } from "./measure.ts";
import { layersNetwork, type Network, type Outputs, teacherNetwork } from "./networks.ts";
import { TeacherCache } from "./teacher-cache.ts";
import { type Scalars, Totals } from "./totals.ts";

/** The parts of a training step. */
export interface Parts {
  /** The public function that error messages name. */
  fn: string;
  student: tfl.LayersModel;
  teacherNetwork: Network;
  studentNetwork: Network;
  loss: DistillationLoss;
  metrics: readonly Metric[];
  cache: TeacherCache | undefined;
}

/** Checks the options and builds the networks; without metrics. */
export function partsOf(fn: string, options: DistillerOptions): Parts {
  const { teacher, student, loss, teacherLayers = [], studentLayers = [], cacheTeacher } = options;
  if (!(student instanceof tfl.LayersModel)) {
    throw new Error(`${fn}: student must be a tf.LayersModel, got ${typeof student}`);
  }
  if (typeof loss !== "function") {
    throw new Error(`${fn}: loss must be a function, got ${typeof loss}`);
  }
  return {
    fn,
    student,
    loss,
    metrics: [],
    teacherNetwork: teacherNetwork(fn, teacher, teacherLayers),
    studentNetwork: layersNetwork(fn, "student", student, studentLayers),
    cache: cacheTeacher ? new TeacherCache() : undefined,
  };
}

/** One step of the student's optimizer. The caller owns the scalars. */
export async function trainStep(parts: Parts, batch: Batch): Promise<Scalars> {
  const teacher = await teacherOutputs(parts, batch);
  try {
    return stepFrom(parts, parts.student.optimizer, batch, teacher);
  } finally {
    tf.dispose(teacher);
  }
}

/** One step of an optimizer from the teacher's outputs. The caller owns the scalars. */
export function stepFrom(
  { fn, studentNetwork, loss, metrics }: Parts,
  optimizer: tf.Optimizer,
  batch: Batch,
  teacher: Outputs,
): Scalars {
  const kept: Scalars = {};
  try {
    // Without a list of variables, every variable that the loss depends on is trained.
    optimizer.minimize(() => {
      const student = studentNetwork(batch.inputs, true);
      const args = distillationBatch(fn, batch, teacher, student, true);
      const { total, reported } = measure(fn, loss, metrics, args);
      for (const [name, value] of Object.entries(reported)) kept[name] = tf.keep(value);
      return total;
    });
    return kept;
  } catch (error) {
    tf.dispose(kept);
    throw error;
  }
}

/** Sample-weighted means over all batches, in inference mode. */
export async function evaluateBatches(
  { fn, teacherNetwork, studentNetwork, loss, metrics }: Parts,
  source: BatchSource,
): Promise<Record<string, number>> {
  const totals = new Totals();
  try {
    for await (const batch of source.batches(START)) {
      const reported = tf.tidy(() => {
        const teacher = teacherNetwork(batch.inputs, false);
        const student = studentNetwork(batch.inputs, false);
        const args = distillationBatch(fn, batch, teacher, student, false);
        return measure(fn, loss, metrics, args).reported;
      });
      totals.add(reported, sizeOf(batch));
      tf.dispose(reported);
    }
    return await totals.means();
  } finally {
    totals.dispose();
  }
}

/** Number of samples. */
export const sizeOf = ({ labels }: Batch): number => labels.shape[0] ?? 0;

/** The teacher's outputs for a batch, from the cache if possible. The caller owns them. */
async function teacherOutputs(
  { fn, teacherNetwork, cache }: Parts,
  { inputs, indices, rows }: Batch,
): Promise<Outputs> {
  const run = () => tf.tidy(() => teacherNetwork(inputs, false));
  if (!cache) return run();
  if (!indices) {
    throw new Error(
      `${fn}: cacheTeacher needs the indices of the samples, got elements without: map the dataset's elements to {xs, ys, indices}`,
    );
  }
  const samples = rows ?? (await indices.data());
  const cached = cache.get(samples);
  if (cached) return cached;
  const outputs = run();
  await cache.put(samples, outputs);
  return outputs;
}
