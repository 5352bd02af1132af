import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import {
  checkInteger,
  checkNumber,
  checkOptions,
  checkSampleShape,
} from "../../internal/checks.ts";
import { singleTensor } from "../model/apply-layer.ts";
import { checkModel } from "../model/check-model.ts";
import { AveragePoolTo } from "./average-pool-to.ts";
import { initialKernels } from "./initial-kernels.ts";

/** Options of {@link vidRegressor}. */
export interface VidRegressorOptions {
  /** Channels of the student's maps. */
  studentChannels: number;
  /** Channels of the teacher's maps. */
  teacherChannels: number;
  /**
   * [height, width] of the teacher's maps. Maps of the student that are higher or wider are
   * average-pooled to it first, as in RepDistiller. By default, they are not pooled.
   */
  teacherSize?: readonly number[] | undefined;
  /** Channels of the hidden layers; default `teacherChannels`, as in RepDistiller. */
  midChannels?: number | undefined;
  /** Initial variance of every channel; default 5, as in RepDistiller. */
  initialVariance?: number | undefined;
  /** Constant that VID's loss adds to the variance, < `initialVariance`; default 1e-5, as there. */
  epsilon?: number | undefined;
  /** An integer ≥ 0 that fixes the initial kernels; default random. */
  seed?: number | undefined;
}

/**
 * The trainable part of VID. Three 1×1 convolutions without bias, with ReLU in between, predict the
 * teacher's maps from the student's. A log-scale for each of the teacher's channels is a variable that
 * {@link vidLogScale} returns. It is saved with the model. `loadLayersModel` loads a saved regressor if
 * `kd-cmi/layers` is imported.
 *
 * The variance of a channel is softplus(logScale) + epsilon. Pass `teacherSize` if the student's maps are
 * larger than the teacher's: they are pooled before the first convolution. `vidLoss` itself pools larger
 * maps of the teacher.
 *
 * Source: Ahn et al., "Variational information distillation for knowledge transfer", CVPR 2019
 * (arXiv 1904.05835), section 3; sizes and initial values are those of RepDistiller.
 *
 * @param options Channels and initial variance.
 * @returns A model of float32 [N, H, W, studentChannels] → [N, H, W, teacherChannels], any H and
 * W; with `teacherSize`, H and W of the result are at most these.
 * @throws If a number of channels or a size is not an integer of at least 1, or another option is out of
 * range.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { vidLogScale, vidRegressor } from "kd-cmi/layers";
 *
 * const regressor = vidRegressor({ studentChannels: 16, teacherChannels: 32 });
 * const predicted = regressor.apply(tf.randomNormal([2, 8, 8, 16])); // [2, 8, 8, 32]
 * const logScale = vidLogScale(regressor); // [32]
 * ```
 */
export function vidRegressor(options: VidRegressorOptions): tfl.LayersModel {
  checkOptions("vidRegressor", options, [
    "studentChannels",
    "teacherChannels",
    "teacherSize",
    "midChannels",
    "initialVariance",
    "epsilon",
    "seed",
  ]);
  const {
    studentChannels,
    teacherChannels,
    teacherSize,
    midChannels = teacherChannels,
    initialVariance = 5,
    epsilon = 1e-5,
    seed,
  } = options;
  const nextKernel = initialKernels("vidRegressor", seed);
  checkInteger("vidRegressor", "studentChannels", studentChannels, 1);
  checkInteger("vidRegressor", "teacherChannels", teacherChannels, 1);
  checkInteger("vidRegressor", "midChannels", midChannels, 1);
  if (teacherSize)
    checkSampleShape("vidRegressor", "teacherSize", teacherSize, ["height", "width"]);
  checkNumber("vidRegressor", "epsilon", epsilon, { minimum: 0 });
  checkNumber("vidRegressor", "initialVariance", initialVariance, { above: epsilon });
  const variable = initialVariance - epsilon;
  const initialValue = variable + Math.log1p(-Math.exp(-variable)); // the inverse of softplus
  const pointwise = (filters: number, config: object) =>
    tfl.layers.conv2d({
      filters,
      kernelSize: 1,
      useBias: false,
      kernelInitializer: nextKernel(),
      ...config,
    });
  const inputShape = [null, null, studentChannels];
  return tfl.sequential({
    layers: [
      ...(teacherSize ? [new AveragePoolTo({ size: teacherSize, inputShape })] : []),
      pointwise(midChannels, { activation: "relu", ...(!teacherSize && { inputShape }) }),
      pointwise(midChannels, { activation: "relu" }),
      pointwise(teacherChannels, {}),
      new LogScale({ initialValue }),
    ],
  });
}

/**
 * The log-scale of a {@link vidRegressor}, from which `vidLoss` computes the variance. Its gradient
 * reaches the regressor's variable.
 *
 * @param regressor A model from {@link vidRegressor}, or one that was saved and loaded.
 * @returns float32 [teacherChannels], the variable itself: do not dispose it.
 * @throws If the model has no log-scale.
 *
 * @example
 * ```ts
 * import { vidLogScale, vidRegressor } from "kd-cmi/layers";
 *
 * const logScale = vidLogScale(vidRegressor({ studentChannels: 16, teacherChannels: 32 })); // [32]
 * ```
 */
export function vidLogScale(regressor: tfl.LayersModel): tf.Tensor1D {
  checkModel("vidLogScale", "regressor", regressor);
  const layer = regressor.layers.find((x) => x.getClassName() === LogScale.className);
  if (layer) return layer.weights[0]!.read() as tf.Tensor1D;
  const got = regressor.layers.map((x) => x.name).join(", ");
  throw new Error(`vidLogScale: regressor must be a vidRegressor, got layers ${got}`);
}

type LogScaleConfig = ConstructorParameters<typeof tfl.layers.Layer>[0] & { initialValue: number };

/** Returns its input and owns one number for each channel. */
class LogScale extends tfl.layers.Layer {
  static className = "KdCmiLogScale";
  private readonly initialValue: number;

  constructor(config: LogScaleConfig) {
    super(config);
    this.initialValue = config.initialValue;
  }

  override build(inputShape: tfl.Shape): void {
    const value = tfl.initializers.constant({ value: this.initialValue });
    this.addWeight("log_scale", [inputShape.at(-1)!], "float32", value);
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return singleTensor(inputs);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), initialValue: this.initialValue };
  }
}
tf.serialization.registerClass(LogScale);
