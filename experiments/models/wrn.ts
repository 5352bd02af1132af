import { type Maps, type ModelBuilder, modelBuilder } from "./builder.ts";
import { kaimingNormal, torchUniform } from "./initial.ts";
import { add, channelsOf, imageModel, lastBlocks, stages, torchLayers } from "./layers.ts";

/**
 * A wide residual network as in RepDistiller's benchmark: three stages of (depth − 4)/6 blocks, with
 * normalisation before each convolution and without dropout. A shortcut that changes the shape is a
 * plain 1×1 convolution of the normalised maps. The maps are sums that are not yet normalised. The
 * `_bn1` layer of the next stage normalises them before ReLU, and `last_bn` those of the last stage.
 *
 * Source: Zagoruyko and Komodakis, "Wide residual networks", BMVC 2016 (arXiv 1605.07146).
 *
 * @param depth 6n + 4.
 * @param widening Times 16, 32 and 64 channels.
 */
function wideResnet(depth: number, widening: number): ModelBuilder {
  const blocks = (depth - 4) / 6;
  const counts = [blocks, blocks, blocks];
  return modelBuilder(
    (options) => {
      const { convolution, normalize, relu, pool, logits } = torchLayers(
        options.seed,
        kaimingNormal,
      );
      const activated = (x: Maps, name: string, number = "") =>
        relu(normalize(x, `${name}_bn${number}`), `${name}_relu${number}`);

      return imageModel(`wrn-${depth}-${widening}`, options, (images) => {
        const stem = convolution(images, "stem", { filters: 16, kernelSize: 3 });
        const maps = stages(stem, counts, (x, name, stage, isFirst) => {
          const filters = 16 * 2 ** stage * widening;
          const strides = isFirst && stage > 0 ? 2 : 1;
          const start = activated(x, name, "1");
          const first = convolution(start, `${name}_conv1`, { filters, kernelSize: 3, strides });
          const middle = activated(first, name, "2");
          const residual = convolution(middle, `${name}_conv2`, { filters, kernelSize: 3 });
          const shortcut =
            channelsOf(x) === filters
              ? x
              : convolution(start, `${name}_shortcut`, { filters, kernelSize: 1, strides });
          return add(residual, shortcut, name);
        });
        return logits(pool(activated(maps, "last")), options.numClasses, torchUniform);
      });
    },
    { maps: lastBlocks(counts), embedding: "embedding" },
  );
}

export const wideResnets = {
  "wrn-16-2": wideResnet(16, 2),
  "wrn-40-1": wideResnet(40, 1),
  "wrn-40-2": wideResnet(40, 2),
};
