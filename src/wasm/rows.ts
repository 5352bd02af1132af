import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type * as tf from "@tensorflow/tfjs-core";
import { addressOf, type ModuleFunctions } from "./module.ts";
import { type KernelCall, moduleKernel, withTemporaries } from "./run.ts";

type Rows = [number, number];

/** Makes the losses [N, 1] and slopes [N, C] of rows of logits, with scratch of `size` entries. */
function makeRowLosses(
  backend: BackendWasm,
  logits: tf.TensorInfo,
  size: number,
  compute: (losses: number, slopes: number, scratch: number) => void,
): tf.TensorInfo[] {
  const [rows] = logits.shape as Rows;
  const losses = backend.makeOutput([rows, 1], "float32");
  const slopes = backend.makeOutput(logits.shape, "float32");
  return withTemporaries(backend, (temporary) => {
    const scratch = temporary(backend.makeOutput([size], "float32"));
    const [to, at, by] = [losses, slopes, scratch].map((t) => addressOf(backend, t));
    compute(to!, at!, by!);
    return [losses, slopes];
  });
}

/** Softmax, shifted logits and the logarithm of the sum in two passes: see `softmaxParts` of src/ops. */
const softmaxParts = moduleKernel<KernelCall<"logits", object>, tf.TensorInfo[]>(
  "KdCmiSoftmaxParts",
  ({ inputs: { logits }, backend }, module) => {
    const [rows, size] = logits.shape as Rows;
    const outputs = [logits.shape, logits.shape, [rows, 1]].map((shape) =>
      backend.makeOutput(shape, "float32"),
    );
    const [p, shifted, logSum] = outputs.map((t) => addressOf(backend, t));
    module.softmaxParts(addressOf(backend, logits), p!, shifted!, logSum!, rows, size);
    return outputs;
  },
);

/** See `softDivergence` of src/ops. */
const softDivergence = moduleKernel<
  KernelCall<"target" | "logits", { temperature: number }>,
  tf.TensorInfo[]
>("KdCmiSoftDivergence", ({ inputs: { target, logits }, backend, attrs }, module) => {
  const [rows, size] = logits.shape as Rows;
  const [t, z] = [target, logits].map((x) => addressOf(backend, x));
  return makeRowLosses(backend, logits, 3 * size, (losses, slopes, scratch) => {
    module.softDivergence(t!, z!, attrs.temperature, losses, slopes, scratch, rows, size);
  });
});

interface CentroidAttrs {
  crossEntropy: number;
  divergence: number;
  labelSmoothing: number;
}

function runCentroidLosses(
  backend: BackendWasm,
  module: ModuleFunctions,
  logits: tf.TensorInfo,
  [targets, classes, centroids]: [number, number, number],
  { crossEntropy, divergence, labelSmoothing }: CentroidAttrs,
): tf.TensorInfo[] {
  const [rows, size] = logits.shape as Rows;
  return makeRowLosses(backend, logits, 2 * size, (losses, slopes, scratch) => {
    module.centroidLosses(
      targets,
      classes,
      addressOf(backend, logits),
      centroids,
      crossEntropy,
      divergence,
      labelSmoothing,
      losses,
      slopes,
      scratch,
      rows,
      size,
    );
  });
}

/** See `centroidLosses` of src/ops. */
const centroidLosses = moduleKernel<
  KernelCall<"targets" | "logits" | "logCentroids", CentroidAttrs>,
  tf.TensorInfo[]
>("KdCmiCentroidLosses", ({ inputs, backend, attrs }, module) => {
  const { targets, logits, logCentroids } = inputs;
  const [t, q] = [targets, logCentroids].map((x) => addressOf(backend, x));
  return runCentroidLosses(backend, module, logits, [t!, 0, q!], attrs);
});

/** See `classCentroidLosses` of src/ops. */
const classCentroidLosses = moduleKernel<
  KernelCall<"classes" | "logits" | "centroids", CentroidAttrs>,
  tf.TensorInfo[]
>("KdCmiClassCentroidLosses", ({ inputs, backend, attrs }, module) => {
  const { classes, logits, centroids } = inputs;
  const [c, q] = [classes, centroids].map((x) => addressOf(backend, x));
  return runCentroidLosses(backend, module, logits, [0, c!, q!], attrs);
});

/** See `noiseLosses` of src/ops. */
const noiseLosses = moduleKernel<
  KernelCall<"scores" | "shift", object> & { inputs: { counts?: tf.TensorInfo } },
  tf.TensorInfo[]
>("KdCmiNoiseLosses", ({ inputs: { scores, shift, counts }, backend }, module) => {
  const [rows, size] = scores.shape as Rows;
  const outputs = [[rows, 1], scores.shape].map((shape) => backend.makeOutput(shape, "float32"));
  const [s, at, losses, slopes] = [scores, shift, ...outputs].map((x) => addressOf(backend, x));
  module.noiseLosses(
    s!,
    at!,
    counts ? addressOf(backend, counts) : 0,
    losses!,
    slopes!,
    rows,
    size,
  );
  return outputs;
});

/** Kernels of ops of src/ops, which compose tfjs' operations where the module is missing. */
export const opKernels = [
  softmaxParts,
  softDivergence,
  centroidLosses,
  classCentroidLosses,
  noiseLosses,
];
