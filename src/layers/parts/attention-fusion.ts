import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger, checkOptions, checkSampleShape } from "../../internal/checks.ts";
import { resizeNearest } from "../../ops/resize-nearest.ts";
import { connectLayer, singleTensor } from "../model/apply-layer.ts";
import { initialKernels, type NextKernel } from "./initial-kernels.ts";

/** Options of {@link attentionFusion}. */
export interface AttentionFusionOptions {
  /** Shapes of the student's maps, from the first stage to the last: [height, width, channels]. */
  studentShapes: readonly (readonly number[])[];
  /** Shapes of the teacher's maps, stage by stage. */
  teacherShapes: readonly (readonly number[])[];
  /** Hidden channels; default those of the student's last stage, at most 512, as in mdistiller. */
  midChannels?: number | undefined;
  /** An integer ≥ 0 that fixes the initial kernels; default random. */
  seed?: number | undefined;
}

const SIZES = ["height", "width", "channels"] as const;

/**
 * The trainable part of ReviewKD: attention-based fusion (ABF) of the student's stages. From the last
 * stage to the first, a 1×1 convolution maps a stage to `midChannels`, the result is fused with that of
 * the following stage, and another convolution maps it to the teacher's shape.
 *
 * $$x_l = a \odot c_l + b \odot \mathrm{resize}(x_{l+1}), \qquad
 * (a, b) = \sigma(W_l\,[c_l, \mathrm{resize}(x_{l+1})]), \qquad y_l = V_l * \mathrm{resize}(x_l)$$
 *
 * c is the 1×1 convolution of the student's maps, a and b are attention maps, and * is a 3×3
 * convolution. c and y are batch-normalised, and maps are resized by nearest neighbour. The fused maps
 * have the teacher's size before the preceding stage gets them. `hierarchicalContextLoss` compares the
 * results with the teacher's maps. `loadLayersModel` loads a saved fusion if `kd-cmi/layers` is
 * imported.
 *
 * Source: Chen et al., "Distilling knowledge via knowledge review", CVPR 2021 (arXiv 2104.09044),
 * ABF; sizes and initial values are those of mdistiller.
 *
 * @param options Shapes, as many of the student as of the teacher.
 * @returns A model that maps the student's maps, a list of float32 [N, …studentShapes[l]], to a list of
 * [N, …teacherShapes[l]] in the same order. A single stage has tensors instead of lists. In a custom
 * loop, pass `training: true` to `apply`, so that the batch normalisation uses the statistics of the
 * batch.
 * @throws If the lists are empty or differ in length, a size is not an integer of at least 1, or the seed is
 * not one of at least 0.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { attentionFusion } from "kd-cmi/layers";
 *
 * const fusion = attentionFusion({
 *   studentShapes: [[8, 8, 4], [4, 4, 8]],
 *   teacherShapes: [[8, 8, 16], [4, 4, 32]],
 * });
 * const studentMaps = [tf.randomNormal([2, 8, 8, 4]), tf.randomNormal([2, 4, 4, 8])];
 * const fused = fusion.apply(studentMaps, { training: true }) as tf.Tensor[];
 * ```
 */
export function attentionFusion(options: AttentionFusionOptions): tfl.LayersModel {
  checkOptions("attentionFusion", options, [
    "studentShapes",
    "teacherShapes",
    "midChannels",
    "seed",
  ]);
  const { studentShapes, teacherShapes, seed } = options;
  const [stages, expected] = [studentShapes, teacherShapes].map((x) => x?.length);
  if (stages !== expected || !stages) {
    throw new Error(
      `attentionFusion: studentShapes and teacherShapes must be lists of the same length, at least 1, got ${stages} and ${expected}`,
    );
  }
  studentShapes.forEach((shape, i) => {
    checkSampleShape("attentionFusion", `studentShapes[${i}]`, shape, SIZES);
    checkSampleShape("attentionFusion", `teacherShapes[${i}]`, teacherShapes[i]!, SIZES);
  });
  const { midChannels = Math.min(studentShapes.at(-1)?.[2] ?? 1, 512) } = options;
  checkInteger("attentionFusion", "midChannels", midChannels, 1);
  const nextKernel = initialKernels("attentionFusion", seed);

  const inputs = studentShapes.map((shape) => tfl.input({ shape: [...shape] }));
  const outputs: tfl.SymbolicTensor[] = [];
  let following: tfl.SymbolicTensor | undefined;
  for (const [stage, input] of [...inputs.entries()].reverse()) {
    const [height = 0, width = 0, channels = 0] = teacherShapes[stage] ?? [];
    const own = normalizedConv(input, midChannels, 1, nextKernel);
    const [ownHeight = 0, ownWidth = 0] = studentShapes[stage] ?? [];
    const fused = following ? fuse(own, resize(following, ownHeight, ownWidth), nextKernel) : own;
    following = resize(fused, height, width);
    outputs.unshift(normalizedConv(following, channels, 3, nextKernel));
  }
  return tfl.model({ inputs, outputs });
}

function normalizedConv(
  x: tfl.SymbolicTensor,
  filters: number,
  kernelSize: number,
  nextKernel: NextKernel,
) {
  const config = { filters, kernelSize, padding: "same", useBias: false } as const;
  const kernelInitializer = nextKernel(tfl.initializers.leCunUniform);
  const maps = connectLayer(tfl.layers.conv2d({ ...config, kernelInitializer }), x);
  return connectLayer(tfl.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 }), maps);
}

/** The sum of both maps, each weighted by an attention map that depends on both. */
function fuse(
  own: tfl.SymbolicTensor,
  following: tfl.SymbolicTensor,
  nextKernel: NextKernel,
): tfl.SymbolicTensor {
  const both = connectLayer(tfl.layers.concatenate(), [own, following]);
  const attended = [own, following].map((x) => {
    const attention = tfl.layers.conv2d({
      filters: 1,
      kernelSize: 1,
      activation: "sigmoid",
      kernelInitializer: nextKernel(),
    });
    return connectLayer(tfl.layers.multiply(), [x, connectLayer(attention, both)]);
  });
  return connectLayer(tfl.layers.add(), attended);
}

function resize(x: tfl.SymbolicTensor, height: number, width: number): tfl.SymbolicTensor {
  if (x.shape[1] === height && x.shape[2] === width) return x;
  return connectLayer(new NearestResize({ height, width }), x);
}

type NearestResizeConfig = ConstructorParameters<typeof tfl.layers.Layer>[0] & {
  height: number;
  width: number;
};

/** Resizes maps [N, H, W, C] by nearest neighbour. */
class NearestResize extends tfl.layers.Layer {
  static className = "KdCmiNearestResize";
  private readonly size: [height: number, width: number];

  constructor(config: NearestResizeConfig) {
    super(config);
    this.size = [config.height, config.width];
  }

  override computeOutputShape(inputShape: tfl.Shape): tfl.Shape {
    return [inputShape[0]!, ...this.size, inputShape[3]!];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return resizeNearest(singleTensor(inputs) as tf.Tensor4D, ...this.size);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), height: this.size[0], width: this.size[1] };
  }
}
tf.serialization.registerClass(NearestResize);
