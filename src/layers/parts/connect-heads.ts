import * as tfl from "@tensorflow/tfjs-layers";
import { connectLayer } from "../model/apply-layer.ts";
import { initialKernels, type NextKernel } from "./initial-kernels.ts";
import type { SelfSupervisedHeadsOptions } from "./self-supervised-heads.ts";

/** Adds a head of HSAKD to each of some features: joint logits of class and rotation, [N, 4C]. */
export function connectHeads(
  fn: string,
  all: readonly tfl.SymbolicTensor[],
  names: readonly string[],
  numClasses: number,
  { branch, seed }: SelfSupervisedHeadsOptions,
): tfl.SymbolicTensor[] {
  const nextKernel = initialKernels(fn, seed);
  return all.map((features, index) => {
    if (features.rank !== 2 && features.rank !== 4) {
      throw new Error(
        `${fn}: layerNames[${index}] must give features of rank 2 or 4, got ${names[index]} of [${features.shape}]`,
      );
    }
    const laterHeads = all.length - 1 - index;
    const own = branch ? branch(features, index) : convolutions(features, laterHeads, nextKernel);
    const pool = tfl.layers.globalAveragePooling2d({});
    const row = own.rank === 4 ? connectLayer(pool, own) : own;
    const dense = { units: 4 * numClasses, kernelInitializer: nextKernel() };
    return connectLayer(tfl.layers.dense(dense), row);
  });
}

/** The default layers of a head that is followed by other heads. */
function convolutions(
  features: tfl.SymbolicTensor,
  laterHeads: number,
  nextKernel: NextKernel,
): tfl.SymbolicTensor {
  if (features.rank === 2) return features;
  const channels = features.shape[3]!;
  if (laterHeads === 0) return convolution(features, channels, 1, nextKernel);
  const widths = Array.from({ length: laterHeads }, (_, i) => channels * 2 ** (i + 1));
  return widths.reduce((x, filters) => convolution(x, filters, 2, nextKernel), features);
}

function convolution(
  x: tfl.SymbolicTensor,
  filters: number,
  strides: number,
  nextKernel: NextKernel,
) {
  const config = { kernelSize: 3, padding: "same", useBias: false } as const;
  const kernelInitializer = nextKernel(tfl.initializers.heNormal);
  const maps = connectLayer(
    tfl.layers.conv2d({ ...config, filters, strides, kernelInitializer }),
    x,
  );
  const normalized = connectLayer(
    tfl.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 }),
    maps,
  );
  return connectLayer(tfl.layers.reLU(), normalized);
}
