import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { differentiable } from "../../internal/differentiable.ts";
import {
  adaptiveAveragePool,
  adaptiveAveragePoolGradient,
} from "../../ops/adaptive-average-pool.ts";
import { singleTensor } from "../model/apply-layer.ts";

type AveragePoolToConfig = ConstructorParameters<typeof tfl.layers.Layer>[0] & {
  /** The largest height and width of the result. */
  size: readonly number[];
};

/** Pools maps that are higher or wider than a size to it, like PyTorch's `adaptive_avg_pool2d`. */
export class AveragePoolTo extends tfl.layers.Layer {
  static className = "KdCmiAveragePoolTo";
  private readonly size: readonly number[];

  constructor(config: AveragePoolToConfig) {
    super(config);
    this.size = config.size;
  }

  override computeOutputShape(inputShape: tfl.Shape): tfl.Shape {
    const [batch = null, height = null, width = null, channels = null] = inputShape;
    const [h = 0, w = 0] = this.size;
    return [batch, height && Math.min(height, h), width && Math.min(width, w), channels];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = singleTensor(inputs) as tf.Tensor4D;
    const [, height, width] = x.shape;
    const [h = 0, w = 0] = this.size;
    const size = [Math.min(height, h), Math.min(width, w)] as const;
    if (size[0] === height && size[1] === width) return x;
    return differentiable(
      "vidRegressor",
      [x],
      (maps) => ({ value: adaptiveAveragePool(maps, size), saved: [] }),
      (dy) => [adaptiveAveragePoolGradient(dy, x.shape)],
    );
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), size: [...this.size] };
  }
}
tf.serialization.registerClass(AveragePoolTo);
