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

/** Times in milliseconds. */
export interface Times {
  cpu: number;
  wall: number;
}

/** A task that returns its times in this process. */
export const timed = (task: Task) => async (): Promise<Times> => {
  const [cpu, wall] = [cpuTime(), performance.now()];
  await task();
  return { cpu: cpuTime() - cpu, wall: performance.now() - wall };
};

/**
 * What tasks return, in the order of the rounds. Every round runs each task once and starts with a
 * different one, so that other load on the machine affects all of them equally.
 */
async function interleaved<Name extends string, Result>(
  tasks: Record<Name, () => Promise<Result>>,
  { warmUp, minimum, seconds }: Effort,
): Promise<[Name, Result[]][]> {
  const names = Object.keys(tasks) as Name[];
  const results = names.map((name): [Name, Result[]] => [name, []]);
  let end = Number.POSITIVE_INFINITY;
  for (let round = 0; round < warmUp + minimum || performance.now() < end; round++) {
    if (round === warmUp) end = performance.now() + seconds * 1000;
    for (let i = 0; i < names.length; i++) {
      const [name, ofTask] = results[(i + round) % names.length]!;
      const result = await tasks[name]();
      if (round >= warmUp) ofTask.push(result);
    }
  }
  return results;
}

/** The median times of tasks that measure themselves, such as those of other processes. */
export async function interleavedTimes<Name extends string>(
  tasks: Record<Name, () => Promise<Times>>,
  effort: Effort,
): Promise<Record<Name, Times>> {
  const medians = (await interleaved(tasks, effort)).map(([name, times]) => [
    name,
    { cpu: median(times, ({ cpu }) => cpu), wall: median(times, ({ wall }) => wall) },
  ]);
  return Object.fromEntries(medians);
}

/** The median CPU or wall time of each task in milliseconds. */
export async function interleavedMedians<Name extends string>(
  tasks: Record<Name, Task>,
  effort: Effort,
  kind: keyof Times,
): Promise<Record<Name, number>> {
  const names = Object.keys(tasks) as Name[];
  const own = Object.fromEntries(names.map((name) => [name, timed(tasks[name])]));
  const medians = await interleavedTimes(own, effort);
  return Object.fromEntries(names.map((name) => [name, medians[name]![kind]])) as Record<
    Name,
    number
  >;
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
  if (rows.length === 0) throw new Error("bench: nothing was measured; no loss has such a name");
  const head = Object.keys(rows[0]!);
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows.map((row) => Object.values(row)));
  return table.toString();
}
