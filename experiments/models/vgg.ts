import * as tfl from "@tensorflow/tfjs-layers";
import { type Maps, type ModelBuilder, modelBuilder } from "./builder.ts";
import { kaimingNormal, smallNormal } from "./initial.ts";
import { apply, imageModel, lastBlocks, stages, torchLayers } from "./layers.ts";

const WIDTHS = [64, 128, 256, 512, 512];

/**
 * A VGG network for small images as in RepDistiller's benchmark: five stages of 3×3 convolutions with
 * bias and batch normalisation, pooling before the second, third and fourth stage, and one dense
 * layer. The maps are taken after ReLU. The layers before it are `stage1_block1_bn` and so on.
 *
 * Source: Simonyan and Zisserman, "Very deep convolutional networks for large-scale image
 * recognition", ICLR 2015 (arXiv 1409.1556), configuration B and a shorter one.
 *
 * @param blocks The number of convolutions of each stage.
 */
function vgg(name: string, blocks: number): ModelBuilder {
  const counts = WIDTHS.map(() => blocks);
  const halved = (x: Maps, name: string) =>
    apply(tfl.layers.maxPooling2d({ name: `${name}_pool`, poolSize: 2 }), x);
  return modelBuilder(
    (options) => {
      const { convolution, normalize, relu, pool, logits } = torchLayers(
        options.seed,
        kaimingNormal,
      );

      return imageModel(name, options, (images) => {
        const maps = stages(images, counts, (x, name, stage, isFirst) => {
          const isHalved = isFirst && stage > 0 && stage < 4;
          const config = { filters: WIDTHS[stage]!, kernelSize: 3, useBias: true };
          const conv = convolution(isHalved ? halved(x, name) : x, `${name}_conv`, config);
          return relu(normalize(conv, `${name}_bn`), name);
        });
        return logits(pool(maps), options.numClasses, smallNormal);
      });
    },
    // The benchmark compares the maps from the second stage on. The first takes the place of the stem.
    { maps: lastBlocks(counts).slice(1), embedding: "embedding" },
  );
}

export const vggs = { vgg8: vgg("vgg8", 1), vgg13: vgg("vgg13", 2) };
