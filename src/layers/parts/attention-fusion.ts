import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { checkInteger, checkSampleShape } from "../../internal/checks.ts";
import { resizeNearest } from "../../ops/resize-nearest.ts";

/** Options of {@link attentionFusion}. */
export interface AttentionFusionOptions {
  /** Of the student's maps at each stage, from the input to the output: [height, width, channels]. */
  studentShapes: readonly (readonly number[])[];
  /** Of the teacher's maps, stage by stage. */
  teacherShapes: readonly (readonly number[])[];
  /** Channels within; default those of the student's last stage, at most 512, as in mdistiller. */
  midChannels?: number | undefined;
}

const SIZES = ["height", "width", "channels"] as const;

/**
 * The trainable part of ReviewKD: attention-based fusion (ABF) of the student's stages. From the last
 * stage to the first, a stage's maps are brought to `midChannels` by a 1×1 convolution, fused with
 * what came from the stage behind, and brought to the teacher's shape.
 *
 * $$x_l = a \odot c_l + b \odot \mathrm{resize}(x_{l+1}), \qquad
 * (a, b) = \sigma(W_l\,[c_l, \mathrm{resize}(x_{l+1})]), \qquad y_l = V_l * \mathrm{resize}(x_l)$$
 *
 * c is the 1×1 convolution of the student's maps, a and b an attention map each, * a 3×3
 * convolution; c and y are batch-normalised, and sizes change by nearest neighbour. What the next
 * stage is given has the teacher's size already. `hierarchicalContextLoss` compares the results with
 * the teacher's maps. A saved fusion loads by `loadLayersModel` where `kd-cmi/layers` is imported.
 *
 * Source: Chen et al., "Distilling knowledge via knowledge review", CVPR 2021 (arXiv 2104.09044),
 * ABF; sizes and initial values are those of mdistiller.
 *
 * @param options The shapes, as many of the student as of the teacher.
 * @returns A model of the student's maps, a list of float32 [N, …studentShapes[l]], to a list of
 * [N, …teacherShapes[l]] in the same order; tensors instead of lists where there is a single stage.
 * Give `training: true` to `apply` in a loop of your own, so that a batch is normalised by itself.
 * @throws If the lists are empty or differ in length, or a size is not an integer of at least 1.
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
export function attentionFusion({
  studentShapes,
  teacherShapes,
  midChannels = Math.min(studentShapes.at(-1)?.[2] ?? 1, 512),
}: AttentionFusionOptions): tfl.LayersModel {
  const [stages, expected] = [studentShapes.length, teacherShapes.length];
  if (stages !== expected || stages === 0) {
    throw new Error(
      `attentionFusion: studentShapes and teacherShapes must be lists of the same length, at least 1, got ${stages} and ${expected}`,
    );
  }
  studentShapes.forEach((shape, i) => {
    checkSampleShape("attentionFusion", `studentShapes[${i}]`, shape, SIZES);
    checkSampleShape("attentionFusion", `teacherShapes[${i}]`, teacherShapes[i]!, SIZES);
  });
  checkInteger("attentionFusion", "midChannels", midChannels, 1);

  const inputs = studentShapes.map((shape) => tfl.input({ shape: [...shape] }));
  const outputs: tfl.SymbolicTensor[] = [];
  let behind: tfl.SymbolicTensor | undefined;
  for (let stage = stages - 1; stage >= 0; stage--) {
    const [height, width, channels] = teacherShapes[stage] as [number, number, number];
    const own = normalizedConv(inputs[stage]!, midChannels, 1);
    const fused = behind ? fuse(own, resize(behind, own.shape[1]!, own.shape[2]!)) : own;
    behind = resize(fused, height, width);
    outputs.unshift(normalizedConv(behind, channels, 3));
  }
  return tfl.model({ inputs, outputs });
}

const apply = (layer: tfl.layers.Layer, x: tfl.SymbolicTensor | tfl.SymbolicTensor[]) =>
  layer.apply(x) as tfl.SymbolicTensor;

function normalizedConv(x: tfl.SymbolicTensor, filters: number, kernelSize: number) {
  const config = { filters, kernelSize, padding: "same", useBias: false } as const;
  const kernelInitializer = tfl.initializers.leCunUniform({});
  const maps = apply(tfl.layers.conv2d({ ...config, kernelInitializer }), x);
  return apply(tfl.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 }), maps);
}

/** The two maps, each times an attention map that both decide on. */
function fuse(own: tfl.SymbolicTensor, behind: tfl.SymbolicTensor): tfl.SymbolicTensor {
  const both = apply(tfl.layers.concatenate(), [own, behind]);
  const attended = [own, behind].map((x) => {
    const attention = tfl.layers.conv2d({ filters: 1, kernelSize: 1, activation: "sigmoid" });
    return apply(tfl.layers.multiply(), [x, apply(attention, both)]);
  });
  return apply(tfl.layers.add(), attended);
}

function resize(x: tfl.SymbolicTensor, height: number, width: number): tfl.SymbolicTensor {
  if (x.shape[1] === height && x.shape[2] === width) return x;
  return apply(new NearestResize({ height, width }), x);
}

type NearestResizeConfig = ConstructorParameters<typeof tfl.layers.Layer>[0] & {
  height: number;
  width: number;
};

/** Maps [N, H, W, C] at another size, larger or smaller, by the nearest neighbour. */
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
    return resizeNearest([inputs].flat()[0] as tf.Tensor4D, ...this.size);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), height: this.size[0], width: this.size[1] };
  }
}
tf.serialization.registerClass(NearestResize);
