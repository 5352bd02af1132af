import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import type { Maps } from "./builder.ts";
import { apply, channelsOf, concatenate } from "./layers.ts";

type Config = ConstructorParameters<typeof tfl.layers.Layer>[0];

const mapsOf = (inputs: tf.Tensor | tf.Tensor[]) => [inputs].flat()[0] as tf.Tensor4D;

/** Takes `size` channels of maps [N, H, W, C], starting at `begin`. */
class ChannelSlice extends tfl.layers.Layer {
  static className = "KdCmiExampleChannelSlice";
  private readonly begin: number;
  private readonly size: number;

  constructor(config: Config & { begin: number; size: number }) {
    super(config);
    this.begin = config.begin;
    this.size = config.size;
  }

  override computeOutputShape(inputShape: tfl.Shape): tfl.Shape {
    return [...inputShape.slice(0, -1), this.size];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.slice(mapsOf(inputs), [0, 0, 0, this.begin], [-1, -1, -1, this.size]);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), begin: this.begin, size: this.size };
  }
}
tf.serialization.registerClass(ChannelSlice);

/** Interleaves groups of channels: the first channel of each group, then the second, and so on. */
class ChannelShuffle extends tfl.layers.Layer {
  static className = "KdCmiExampleChannelShuffle";
  private readonly groups: number;

  constructor(config: Config & { groups: number }) {
    super(config);
    this.groups = config.groups;
  }

  override computeOutputShape(inputShape: tfl.Shape): tfl.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = mapsOf(inputs);
    return tf.tidy(() => {
      const grouped = tf.reshape(x, [-1, this.groups, x.shape[3] / this.groups]);
      return tf.reshape(tf.transpose(grouped, [0, 2, 1]), x.shape);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), groups: this.groups };
  }
}
tf.serialization.registerClass(ChannelShuffle);

/** Splits the channels into groups of equal size. */
export function splitChannels(x: Maps, name: string, groups: number): Maps[] {
  const size = channelsOf(x) / groups;
  return Array.from({ length: groups }, (_, i) =>
    apply(new ChannelSlice({ name: `${name}_split${i + 1}`, begin: i * size, size }), x),
  );
}

export const shuffleChannels = (x: Maps, name: string, groups: number): Maps =>
  apply(new ChannelShuffle({ name, groups }), x);

/** A grouped convolution, for which tfjs has no layer. */
export function grouped(
  x: Maps,
  name: string,
  groups: number,
  convolve: (x: Maps, name: string) => Maps,
): Maps {
  if (groups === 1) return convolve(x, name);
  const parts = splitChannels(x, name, groups);
  return concatenate(
    parts.map((part, i) => convolve(part, `${name}_${i + 1}`)),
    name,
  );
}
