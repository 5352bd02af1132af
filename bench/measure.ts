import { performance } from "node:perf_hooks";
import * as tf from "@tensorflow/tfjs-core";
import Table from "cli-table3";
import { median } from "d3-array";

export type Task = () => unknown;

/** How long to measure. */
export interface Effort {
  /** Rounds that are not counted, in which kernels are compiled and memory is allocated. */
  warmUp: number;
  /** Rounds that are always counted. */
  minimum: number;
  /** Further rounds are added until this many seconds have passed. */
  seconds: number;
}

/** CPU time of this process in milliseconds, all threads. Other load on the machine hardly affects it. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * The median time of each task in milliseconds. Every round runs each task once and starts with a
 * different one, so that other load on the machine affects all of them equally.
 */
export async function interleavedMedians<Name extends string>(
  tasks: Record<Name, Task>,
  { warmUp, minimum, seconds }: Effort,
  clock = () => performance.now(),
): Promise<Record<Name, number>> {
  const names = Object.keys(tasks) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]]));
  let end = Number.POSITIVE_INFINITY;
  for (let round = 0; round < warmUp + minimum || performance.now() < end; round++) {
    if (round === warmUp) end = performance.now() + seconds * 1000;
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length]!;
      const start = clock();
      await tasks[name]();
      if (round >= warmUp) times[name]!.push(clock() - start);
    }
  }
  const medians = names.map((name) => [name, median(times[name]!)!]);
  return Object.fromEntries(medians);
}

/** A loss and its gradients, as a training step computes them. */
export type LossAndGradient = () => { value: tf.Tensor; grads: tf.Tensor[] };

/**
 * Computes both and waits until they are done. A GPU processes its queue in order, so the value,
 * which is read last, follows the gradients. Reading those too would time the copying.
 */
export const untilDone = (compute: LossAndGradient) => async () => {
  const { value, grads } = compute();
  await value.data();
  tf.dispose([value, ...grads]);
};

/** A loss with its gradients with respect to some tensors. */
export function lossAndGradients(
  loss: (...xs: tf.Tensor[]) => tf.Tensor,
  xs: tf.Tensor[],
): LossAndGradient {
  const compute = tf.valueAndGrads(loss);
  return () => compute(xs);
}

/** The number of kernels that a computation runs, and the peak of the memory that it allocates. */
export async function footprint(compute: LossAndGradient) {
  const before = tf.memory().numBytes;
  const { kernels, peakBytes, result } = await tf.profile(() => ({ ...compute() }));
  tf.dispose(result);
  // The list also contains custom gradients, which are no kernels.
  const run = kernels.filter(({ name }) => tf.getKernel(name, tf.getBackend()));
  return { kernels: run.length, peakBytes: peakBytes - before };
}

/**
 * Disposes the tensors created during asynchronous work, as tf.tidy does for synchronous work.
 */
export async function disposing<T>(work: () => Promise<T>): Promise<T> {
  tf.engine().startScope();
  const result = await work();
  tf.engine().endScope();
  return result;
}

/** A table whose columns are the keys of the rows. */
export function formatTable(rows: readonly Record<string, string>[]): string {
  const head = Object.keys(rows[0] ?? {});
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows.map((row) => Object.values(row)));
  return table.toString();
}
