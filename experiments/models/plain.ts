import { type ModelBuilder, modelBuilder } from "./builder.ts";
import { kaimingNormal, torchUniform } from "./initial.ts";
import { imageModel, torchLayers } from "./layers.ts";

/** A 3×3 convolution. */
interface Convolution {
  channels: number;
  strides?: 2;
}

/**
 * 3×3 convolutions with batch normalisation and ReLU, then the average over positions and logits. Small
 * enough to train on images of 32×32×3 on a CPU.
 *
 * @param maps The numbers of the convolutions, from 1, whose maps distillation compares, after ReLU.
 */
function plain(
  name: string,
  convolutions: readonly Convolution[],
  maps: readonly number[],
): ModelBuilder {
  return modelBuilder(
    (options) => {
      const { normalized, relu, pool, logits } = torchLayers(options.seed, kaimingNormal);
      return imageModel(name, options, (images) => {
        const last = convolutions.reduce((x, { channels, strides }, i) => {
          return relu(normalized(x, `conv${i + 1}`, channels, 3, strides), mapsName(i + 1));
        }, images);
        return logits(pool(last), options.numClasses, torchUniform, torchUniform);
      });
    },
    { maps: maps.map(mapsName), embedding: "embedding" },
  );
}

const mapsName = (convolution: number) => `maps${convolution}`;

/**
 * 247,000 and 25,000 parameters for ten classes of 32×32×3 images. Their maps have the same sizes: 16, 8
 * and 4 pixels.
 */
export const plains = {
  plain128: plain(
    "plain128",
    [
      { channels: 24 },
      { channels: 48, strides: 2 },
      { channels: 96, strides: 2 },
      { channels: 96 },
      { channels: 128, strides: 2 },
    ],
    [2, 4, 5],
  ),
  plain64: plain(
    "plain64",
    [
      { channels: 8 },
      { channels: 16, strides: 2 },
      { channels: 32, strides: 2 },
      { channels: 64, strides: 2 },
    ],
    [2, 3, 4],
  ),
};
