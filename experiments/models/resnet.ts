import { type ModelBuilder, modelBuilder } from "./builder.ts";
import { kaimingNormal, torchUniform } from "./initial.ts";
import { add, channelsOf, imageModel, lastBlocks, stages, torchLayers } from "./layers.ts";

/**
 * A residual network for small images as in RepDistiller's benchmark: three stages of (depth − 2)/6
 * blocks, with a normalised 1×1 convolution as the shortcut where the shape changes. The maps are
 * taken after ReLU. The layers before it are `stage1_block3_add` and so on.
 *
 * Source: He et al., "Deep residual learning for image recognition", CVPR 2016, section 4.2.
 *
 * @param depth 6n + 2.
 * @param widths Channels of the stem and of the stages.
 */
function resnet(name: string, depth: number, widths: readonly number[]): ModelBuilder {
  const blocks = (depth - 2) / 6;
  const counts = [blocks, blocks, blocks];
  return modelBuilder(
    (options) => {
      const { normalized, relu, pool, logits } = torchLayers(options.seed, kaimingNormal);

      return imageModel(name, options, (images) => {
        const stem = relu(normalized(images, "stem_conv", widths[0]!, 3), "stem");
        const maps = stages(stem, counts, (x, name, stage, isFirst) => {
          const filters = widths[stage + 1]!;
          const strides = isFirst && stage > 0 ? 2 : 1;
          const middle = relu(normalized(x, `${name}_conv1`, filters, 3, strides), `${name}_relu`);
          const residual = normalized(middle, `${name}_conv2`, filters, 3);
          const isSameShape = strides === 1 && channelsOf(x) === filters;
          const shortcut = isSameShape ? x : normalized(x, `${name}_shortcut`, filters, 1, strides);
          return relu(add(residual, shortcut, `${name}_add`), name);
        });
        return logits(pool(maps), options.numClasses, torchUniform, torchUniform);
      });
    },
    { maps: lastBlocks(counts), embedding: "embedding" },
  );
}

const NARROW = [16, 16, 32, 64];
const WIDE = [32, 64, 128, 256];

export const resnets = {
  resnet20: resnet("resnet20", 20, NARROW),
  resnet32: resnet("resnet32", 32, NARROW),
  resnet56: resnet("resnet56", 56, NARROW),
  resnet110: resnet("resnet110", 110, NARROW),
  resnet8x4: resnet("resnet8x4", 8, WIDE),
  resnet32x4: resnet("resnet32x4", 32, WIDE),
};
