import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { addressOf } from "./module.ts";
import { type KernelCall, moduleKernel, reshape, run, withTemporaries } from "./run.ts";

type Matrix = [number, number];

/** See `squaredDistances` and `squaredSums` of src/ops. */
const squaredPairs = (kernelName: string, isSum: boolean) =>
  moduleKernel<KernelCall<"x", object>>(kernelName, ({ inputs: { x }, backend }, module) => {
    const [rows, size] = x.shape as Matrix;
    const out = backend.makeOutput([rows, rows], "float32");
    module.squaredPairs(addressOf(backend, x), addressOf(backend, out), rows, size, isSum);
    return out;
  });

const SIDES = ["centres", "rest", "z", "teacherCentres", "teacherRest", "teacherZ"] as const;

/** See `angleLosses` of src/ops. */
const angleLosses = moduleKernel<KernelCall<(typeof SIDES)[number], object>, tf.TensorInfo[]>(
  "KdCmiAngleLosses",
  ({ inputs, backend }, module) => {
    const [n] = inputs.z.shape as Matrix;
    const columns = Math.ceil(n / 4) * 4;
    const float = (...shape: number[]) => backend.makeOutput(shape, "float32");
    const [loss, p, t] = [float(), float(n, n), float(n, n)];
    return withTemporaries(backend, (temporary) => {
      const padded = SIDES.map((name) => temporary(padColumns(backend, inputs[name], columns)));
      const opposite = temporary(float(n, columns));
      const sums = temporary(float(2 * columns));
      const addresses = [...padded, loss, p, t, opposite, sums].map((x) => addressOf(backend, x));
      module.angleLosses(...([...addresses, n, columns] as Parameters<typeof module.angleLosses>));
      const slice = { begin: [0, 0], size: [n, n] };
      return [loss, p, t, run(backend, tf.Slice, { x: opposite }, slice)];
    });
  },
);

/** Rows with zeros up to a number of columns, or one more reference to rows that have them. */
function padColumns(backend: BackendWasm, x: tf.TensorInfo, columns: number): tf.TensorInfo {
  const [rows, size] = x.shape as Matrix;
  if (size === columns) return reshape(backend, x, [rows, size]);
  const paddings = [
    [0, 0],
    [0, columns - size],
  ];
  return run(backend, tf.PadV2, { x }, { paddings, constantValue: 0 });
}

/** Kernels of ops of src/ops, which compose tfjs' operations where the module is missing. */
export const pairKernels = [
  squaredPairs("KdCmiSquaredDistances", false),
  squaredPairs("KdCmiSquaredSums", true),
  angleLosses,
];
