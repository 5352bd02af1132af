import { type ModelBuilder, modelBuilder } from "./builder.ts";
import { kaimingNormal, torchUniform } from "./initial.ts";
import { imageModel, torchLayers } from "./layers.ts";

/**
 * Four 3×3 convolutions with batch normalisation and ReLU, the second and the third with stride 2, then
 * the average over positions and logits. Small enough to train on images of 32×32×3 on a CPU. The maps
 * are taken after ReLU, at full, half, quarter and quarter size.
 *
 * @param widths Channels of the convolutions.
 */
function plain(name: string, widths: readonly [number, number, number, number]): ModelBuilder {
  return modelBuilder(
    (options) => {
      const { normalized, relu, pool, logits } = torchLayers(options.seed, kaimingNormal);
      return imageModel(name, options, (images) => {
        const maps = widths.reduce((x, filters, i) => {
          const strides = i === 1 || i === 2 ? 2 : 1;
          return relu(normalized(x, `conv${i + 1}`, filters, 3, strides), `maps${i + 1}`);
        }, images);
        return logits(pool(maps), options.numClasses, torchUniform, torchUniform);
      });
    },
    { maps: ["maps2", "maps3", "maps4"], embedding: "embedding" },
  );
}

/** 137,000 and 31,000 parameters for ten classes of 32×32×3 images. */
export const plains = {
  plain96: plain("plain96", [24, 48, 96, 96]),
  plain40: plain("plain40", [12, 24, 48, 40]),
};
