import * as tfl from "@tensorflow/tfjs-layers";
import { type Maps, type ModelBuilder, modelBuilder } from "./builder.ts";
import { grouped, shuffleChannels } from "./channels.ts";
import { torchUniform } from "./initial.ts";
import {
  add,
  apply,
  channelsOf,
  concatenate,
  imageModel,
  lastBlocks,
  stages,
  torchLayers,
} from "./layers.ts";

const WIDTHS = [240, 480, 960];
const COUNTS = [4, 8, 4];
const GROUPS = 3;
const STEM = 24;

/** 3×3 average pooling at a stride of 2, padding included. */
function halved(x: Maps, name: string): Maps {
  const padded = apply(tfl.layers.zeroPadding2d({ name: `${name}_pad`, padding: 1 }), x);
  return apply(tfl.layers.averagePooling2d({ name, poolSize: 3, strides: 2 }), padded);
}

/**
 * ShuffleNetV1 for small images, with three groups, as in RepDistiller's benchmark: a 1×1 stem
 * instead of a strided one with pooling. The maps are taken after ReLU.
 *
 * Source: Zhang et al., "ShuffleNet: an extremely efficient convolutional neural network for mobile
 * devices", CVPR 2018.
 */
export const shuffleNetV1: ModelBuilder = modelBuilder(
  (options) => {
    const layers = torchLayers(options.seed, torchUniform);
    const { convolution, normalize, relu, depthwise, pool, logits } = layers;
    const pointwise = (x: Maps, name: string, filters: number, groups: number) =>
      grouped(x, name, groups, (part, name) =>
        convolution(part, name, { filters: filters / groups, kernelSize: 1 }),
      );

    return imageModel("ShuffleNetV1", options, (images) => {
      const stemConv = convolution(images, "stem_conv", { filters: STEM, kernelSize: 1 });
      const stem = relu(normalize(stemConv, "stem_conv_bn"), "stem");
      const maps = stages(stem, COUNTS, (x, name, stage, isFirst) => {
        // The first block of a stage concatenates its output with its input.
        const filters = WIDTHS[stage]! - (isFirst ? channelsOf(x) : 0);
        const groups = channelsOf(x) === STEM ? 1 : GROUPS;
        const narrow = pointwise(x, `${name}_conv1`, filters / 4, groups);
        const active = relu(normalize(narrow, `${name}_conv1_bn`), `${name}_relu1`);
        const shuffled = shuffleChannels(active, `${name}_shuffle`, groups);
        const spatial = depthwise(shuffled, `${name}_conv2`, isFirst ? 2 : 1);
        const filtered = relu(normalize(spatial, `${name}_conv2_bn`), `${name}_relu2`);
        const wide = pointwise(filtered, `${name}_conv3`, filters, GROUPS);
        const residual = normalize(wide, `${name}_conv3_bn`);
        const joined = isFirst
          ? concatenate([residual, halved(x, `${name}_shortcut`)], `${name}_concatenate`)
          : add(residual, x, `${name}_add`);
        return relu(joined, name);
      });
      return logits(pool(maps), options.numClasses, torchUniform, torchUniform);
    });
  },
  { maps: lastBlocks(COUNTS), embedding: "embedding" },
);
