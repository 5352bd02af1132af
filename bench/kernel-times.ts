import * as tf from "@tensorflow/tfjs-core";

interface KernelTime {
  name: string;
  calls: number;
  ms: number;
}

const times = new Map<string, KernelTime>();
/** The time that kernels have spent in other kernels, innermost last. */
const nested: number[] = [];

/** The CPU time of this process in milliseconds. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Starts to count the CPU time of each kernel of the current backend, without the kernels that it runs itself. */
export function startKernelTimes(): void {
  const backendName = tf.getBackend();
  for (const config of tf.getKernelsForBackend(backendName)) {
    tf.unregisterKernel(config.kernelName, backendName);
    tf.registerKernel({ ...config, kernelFunc: timed(config) });
  }
}

function timed({ kernelName, kernelFunc }: tf.KernelConfig): tf.KernelFunc {
  const time: KernelTime = { name: kernelName, calls: 0, ms: 0 };
  times.set(kernelName, time);
  return (call) => {
    nested.push(0);
    const start = cpuTime();
    const result = kernelFunc(call);
    const total = cpuTime() - start;
    time.ms += total - nested.pop()!;
    time.calls++;
    if (nested.length > 0) nested[nested.length - 1]! += total;
    return result;
  };
}

/** The time of each kernel since the last call, the most expensive ones first. */
export function kernelTimes(): KernelTime[] {
  const since = [...times.values()].filter(({ calls }) => calls > 0).map((time) => ({ ...time }));
  for (const time of times.values()) Object.assign(time, { calls: 0, ms: 0 });
  return since.sort((a, b) => b.ms - a.ms);
}
