import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { type Batch, disposeBatch, type Source, START } from "../data/batch-sources.ts";
import { batchOf, type DistillationLoss, type Metric, measure } from "./measure.ts";
import type { Network, Outputs } from "./networks.ts";
import type { TeacherCache } from "./teacher-cache.ts";
import { type Measured, Totals } from "./totals.ts";

/** What a step needs to know. */
export interface Parts {
  student: tfl.LayersModel;
  teacherNetwork: Network;
  studentNetwork: Network;
  loss: DistillationLoss;
  metrics: readonly Metric[];
  cache: TeacherCache | undefined;
}

/** One step of the student's optimizer. The caller owns the values. */
export async function trainStep(parts: Parts, batch: Batch): Promise<Measured> {
  const teacher = await teach(parts, batch);
  try {
    return stepFrom(parts, parts.student.optimizer, batch, teacher);
  } finally {
    tf.dispose(teacher);
  }
}

/** One step from what the teacher gave for the batch. The caller owns the values. */
export function stepFrom(
  { studentNetwork, loss, metrics }: Pick<Parts, "studentNetwork" | "loss" | "metrics">,
  optimizer: tf.Optimizer,
  batch: Batch,
  teacher: Outputs,
): Measured {
  let measured: Measured | undefined;
  try {
    // Without a list of variables every one is trained that the loss depends on.
    optimizer.minimize(() => {
      const student = studentNetwork(batch.inputs, true);
      const { total, names, values } = measure(
        loss,
        metrics,
        batchOf(batch, teacher, student, true),
      );
      measured = { names, values: tf.keep(values) };
      return total;
    });
    return measured!;
  } catch (error) {
    measured?.values.dispose();
    throw error;
  }
}

/** The means over all batches, in inference mode. */
export async function evaluateBatches(
  { teacherNetwork, studentNetwork, loss, metrics }: Parts,
  source: Source,
): Promise<Record<string, number>> {
  const totals = new Totals();
  try {
    for await (const batch of source.batches(START)) {
      try {
        const measured = tf.tidy((): Measured => {
          const teacher = teacherNetwork(batch.inputs, false);
          const student = studentNetwork(batch.inputs, false);
          const { names, values } = measure(loss, metrics, batchOf(batch, teacher, student, false));
          return { names, values };
        });
        totals.add(measured, batch.labels.shape[0]!);
      } finally {
        disposeBatch(batch);
      }
    }
    return await totals.means();
  } finally {
    totals.dispose();
  }
}

/** The teacher's outputs for a batch, from memory where they are there; the caller owns them. */
async function teach({ teacherNetwork, cache }: Parts, batch: Batch): Promise<Outputs> {
  const run = () => tf.tidy(() => teacherNetwork(batch.inputs, false));
  if (!cache) return run();
  if (!batch.indices) {
    throw new Error(
      "Distiller: cacheTeacher needs to know the samples: map the dataset's elements to {xs, ys, indices}",
    );
  }
  const indices = [...(await batch.indices.data())];
  const cached = cache.get(indices);
  if (cached) return cached;
  const outputs = run();
  await cache.put(indices, outputs);
  return outputs;
}
