import * as tf from "@tensorflow/tfjs-core";
import { addressOf } from "./module.ts";
import { type KernelCall, shape4D, withModule } from "./run.ts";
import { isWinograd, winogradConv } from "./winograd.ts";

interface Call extends KernelCall<"x" | "filter", tf.FusedConv2DAttrs> {
  inputs: Record<"x" | "filter", tf.TensorInfo> & { bias?: tf.TensorInfo | null };
}

/** The operation of `combineRow`. */
const ADD = 0;

/**
 * Conv2D and FusedConv2D with 3×3 filters at stride 1 by Winograd's algorithm, which takes half the time of
 * the backend's. A NaN or an infinity in the input also reaches outputs up to two pixels away. Others,
 * and those with an activation, are left to the backend.
 */
export function conv2DKernel(stock: tf.KernelConfig): tf.KernelConfig {
  return withModule<Call>(stock, ({ inputs, backend, attrs }, module) => {
    const { x, filter, bias } = inputs;
    const { strides, pad, dilations, dataFormat, dimRoundingMode, activation } = attrs;
    if (dataFormat !== "NHWC" || (activation && activation !== "linear")) return undefined;
    if ([x, filter].some(({ dtype }) => dtype !== "float32")) return undefined;
    const info = tf.backend_util.computeConv2DInfo(
      shape4D(x),
      shape4D(filter),
      strides,
      dilations,
      pad,
      dimRoundingMode,
    );
    const isVector = !bias || (bias.shape.length === 1 && bias.shape[0] === info.outChannels);
    if (!isVector || !isWinograd(info)) return undefined;
    const out = winogradConv(backend, module, x, filter, info);
    if (bias) {
      const rows = info.batchSize * info.outHeight * info.outWidth;
      const to = addressOf(backend, out);
      module.combineRow(ADD, to, addressOf(backend, bias), to, 1, rows, info.outChannels);
    }
    return out;
  });
}
