import { type Maps, type ModelBuilder, modelBuilder } from "./builder.ts";
import { shuffleChannels, splitChannels } from "./channels.ts";
import { torchUniform } from "./initial.ts";
import { concatenate, imageModel, lastBlocks, stages, torchLayers } from "./layers.ts";

const WIDTHS = [116, 232, 464];
/** In each stage, one block that halves the maps and others that preserve their size. */
const COUNTS = [1 + 3, 1 + 7, 1 + 3];
const STEM = 24;
const EMBEDDING = 1024;

/**
 * ShuffleNetV2 of width 1 for small images, as in RepDistiller's benchmark: a 1×1 stem instead of a
 * strided one with pooling. The maps are taken after ReLU and the shuffle.
 *
 * Source: Ma et al., "ShuffleNet V2: practical guidelines for efficient CNN architecture design",
 * ECCV 2018.
 */
export const shuffleNetV2: ModelBuilder = modelBuilder(
  (options) => {
    const layers = torchLayers(options.seed, torchUniform);
    const { convolution, normalize, relu, depthwise, pool, logits } = layers;
    const pointwise = (x: Maps, name: string, filters: number) => {
      const conv = convolution(x, `${name}_conv`, { filters, kernelSize: 1 });
      return relu(normalize(conv, `${name}_bn`), name);
    };
    const spatial = (x: Maps, name: string, strides: number) =>
      normalize(depthwise(x, name, strides), `${name}_bn`);

    return imageModel("ShuffleNetV2", options, (images) => {
      const stem = pointwise(images, "stem", STEM);
      const maps = stages(stem, COUNTS, (x, name, stage, isFirst) => {
        const half = WIDTHS[stage]! / 2;
        const strides = isFirst ? 2 : 1;
        const [left, right] = isFirst ? [x, x] : splitChannels(x, name, 2);
        const kept = isFirst
          ? pointwise(spatial(left!, `${name}_left1`, strides), `${name}_left2`, half)
          : left!;
        const narrow = pointwise(right!, `${name}_right1`, half);
        const changed = pointwise(
          spatial(narrow, `${name}_right2`, strides),
          `${name}_right3`,
          half,
        );
        const joined = concatenate([kept, changed], `${name}_concatenate`);
        return shuffleChannels(joined, name, 2);
      });
      return logits(
        pool(pointwise(maps, "last", EMBEDDING)),
        options.numClasses,
        torchUniform,
        torchUniform,
      );
    });
  },
  { maps: lastBlocks(COUNTS), embedding: "embedding" },
);
