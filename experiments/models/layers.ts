import * as tfl from "@tensorflow/tfjs-layers";
import { LOGITS, type Maps, type ModelOptions } from "./builder.ts";
import { type Initial, layerSeed, zeros } from "./initial.ts";

/** Applies a layer to one or several inputs. */
export const apply = (layer: tfl.layers.Layer, inputs: Maps | Maps[]) =>
  layer.apply(inputs) as tfl.SymbolicTensor;

export interface ConvolutionOptions {
  filters: number;
  /** Odd. The padding preserves the size of the maps, apart from the strides. */
  kernelSize: number;
  strides?: number;
  useBias?: boolean;
}

/**
 * The layers of a network as PyTorch defines them. The initial values of each layer follow from the
 * model's seed and the layer's name.
 *
 * @param kernel Initializer of the convolutions.
 */
export function torchLayers(seed: number, kernel: Initial) {
  const { layers } = tfl;

  /** Pads equally on all sides, as PyTorch does. tfjs's "same" does so only at a stride of 1. */
  function pad(x: Maps, name: string, kernelSize: number, strides: number) {
    const padding = (kernelSize - 1) / 2;
    if (strides === 1 || padding === 0) return { padded: x, padding: "same" as const };
    const padded = apply(layers.zeroPadding2d({ name: `${name}_pad`, padding }), x);
    return { padded, padding: "valid" as const };
  }

  function convolution(x: Maps, name: string, options: ConvolutionOptions): Maps {
    const { filters, kernelSize, strides = 1, useBias = false } = options;
    const { padded, padding } = pad(x, name, kernelSize, strides);
    const fans = { fanIn: kernelSize ** 2 * channelsOf(x), fanOut: kernelSize ** 2 * filters };
    const kernelInitializer = kernel(fans, layerSeed(seed, name));
    const config = { name, filters, kernelSize, strides, padding, useBias, kernelInitializer };
    return apply(layers.conv2d(config), padded);
  }

  /** Batch normalisation with PyTorch's settings. */
  const normalize = (x: Maps, name: string): Maps =>
    // PyTorch's default momentum, 0.1, is the weight of the new batch. tfjs's is that of the average.
    apply(layers.batchNormalization({ name, momentum: 0.9, epsilon: 1e-5 }), x);

  const relu = (x: Maps, name: string): Maps => apply(layers.reLU({ name }), x);

  /** A convolution followed by batch normalisation. */
  const normalized = (x: Maps, name: string, filters: number, kernelSize = 1, strides = 1) =>
    normalize(convolution(x, name, { filters, kernelSize, strides }), `${name}_bn`);

  /** A 3×3 convolution with a filter for each channel, without bias. */
  function depthwise(x: Maps, name: string, strides = 1): Maps {
    const { padded, padding } = pad(x, name, 3, strides);
    // The fan-out counts all channels, as PyTorch's functions do.
    const fans = { fanIn: 9, fanOut: 9 * channelsOf(x) };
    const depthwiseInitializer = kernel(fans, layerSeed(seed, name));
    const config = { name, kernelSize: 3, strides, padding, useBias: false, depthwiseInitializer };
    return apply(layers.depthwiseConv2d(config), padded);
  }

  /** The embedding: the average of the last maps. */
  const pool = (x: Maps) => apply(layers.globalAveragePooling2d({ name: "embedding" }), x);

  function logits(
    x: tfl.SymbolicTensor,
    units: number,
    weight: Initial,
    bias: Initial = zeros,
  ): tfl.SymbolicTensor {
    const fans = { fanIn: x.shape[1]!, fanOut: units };
    const kernelInitializer = weight(fans, layerSeed(seed, LOGITS));
    const biasInitializer = bias(fans, layerSeed(seed, `${LOGITS} bias`));
    return apply(layers.dense({ name: LOGITS, units, kernelInitializer, biasInitializer }), x);
  }

  return { convolution, normalize, normalized, relu, depthwise, pool, logits };
}

export const add = (x: Maps, y: Maps, name: string): Maps =>
  apply(tfl.layers.add({ name }), [x, y]);

export const concatenate = (xs: Maps[], name: string): Maps =>
  apply(tfl.layers.concatenate({ name }), xs);

export const channelsOf = (x: Maps): number => x.shape[3]!;

/**
 * Stages of blocks. Each block's output layer has the block's name, see {@link blockName}.
 *
 * @param counts The number of blocks of each stage.
 */
export function stages(
  x: Maps,
  counts: readonly number[],
  block: (x: Maps, name: string, stage: number, isFirst: boolean) => Maps,
): Maps {
  return counts.reduce((start, count, stage) => {
    let maps = start;
    for (let b = 0; b < count; b++) maps = block(maps, blockName(stage, b), stage, b === 0);
    return maps;
  }, x);
}

/** The name of a block. The arguments count from 0, the names from 1. */
export const blockName = (stage: number, block: number) => `stage${stage + 1}_block${block + 1}`;

/** The last block of each stage. */
export const lastBlocks = (counts: readonly number[]): string[] =>
  counts.map((count, stage) => blockName(stage, count - 1));

/** A model from images to the output of `network`. */
export function imageModel(
  name: string,
  { inputShape }: ModelOptions,
  network: (images: Maps) => tfl.SymbolicTensor,
): tfl.LayersModel {
  const inputs = tfl.input({ name: "images", shape: [...inputShape] });
  return tfl.model({ name, inputs, outputs: network(inputs) });
}
