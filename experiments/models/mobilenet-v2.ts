import { type ModelBuilder, modelBuilder } from "./builder.ts";
import { kaimingNormal, smallNormal } from "./initial.ts";
import { add, blockName, channelsOf, imageModel, stages, torchLayers } from "./layers.ts";

/** Stages: channels at full width, number of blocks, and strides of the first block. */
const STAGES = [
  { width: 16, blocks: 1, strides: 1 },
  { width: 24, blocks: 2, strides: 1 },
  { width: 32, blocks: 3, strides: 2 },
  { width: 64, blocks: 4, strides: 2 },
  { width: 96, blocks: 3, strides: 1 },
  { width: 160, blocks: 3, strides: 2 },
  { width: 320, blocks: 1, strides: 1 },
];
const EXPANSION = 6;
const EMBEDDING = 1280;

/**
 * MobileNetV2 for small images, as in RepDistiller's benchmark: half the width except in the
 * last convolution, plain ReLU, and no strides in the first block of 24 channels. The maps, at the ends
 * of the stages of 24, 32, 96 and 320 channels, are linear.
 *
 * Source: Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018.
 */
export const mobileNetV2: ModelBuilder = modelBuilder(
  (options) => {
    const layers = torchLayers(options.seed, kaimingNormal);
    const { convolution, normalize, normalized, relu, depthwise, pool, logits } = layers;

    return imageModel("MobileNetV2", options, (images) => {
      const stem = relu(normalized(images, "stem_conv", 16, 3, 2), "stem");
      const counts = STAGES.map(({ blocks }) => blocks);
      const maps = stages(stem, counts, (x, name, stage, isFirst) => {
        const { width, strides } = STAGES[stage]!;
        const filters = width / 2;
        const middle = channelsOf(x) * (stage === 0 ? 1 : EXPANSION);
        const wide = relu(normalized(x, `${name}_conv1`, middle), `${name}_relu1`);
        const spatial = depthwise(wide, `${name}_conv2`, isFirst ? strides : 1);
        const filtered = relu(normalize(spatial, `${name}_conv2_bn`), `${name}_relu2`);
        const linear = convolution(filtered, `${name}_conv3`, { filters, kernelSize: 1 });
        // A first block changes the number of channels, so it has no shortcut.
        if (isFirst) return normalize(linear, name);
        return add(x, normalize(linear, `${name}_conv3_bn`), name);
      });
      const last = relu(normalized(maps, "last_conv", EMBEDDING), "last");
      return logits(pool(last), options.numClasses, smallNormal);
    });
  },
  { maps: [1, 2, 4, 6].map((i) => blockName(i, STAGES[i]!.blocks - 1)), embedding: "embedding" },
);
