import * as tf from "@tensorflow/tfjs-core";

/** Of an image. */
export type Shape = readonly [height: number, width: number, channels: number];

/**
 * Images of one shape with a class each; pixels 0–255, row by row, the channels of a pixel side by
 * side, image after image.
 */
export interface Images {
  pixels: Uint8Array;
  labels: Uint8Array;
  shape: Shape;
  /** What networks of the literature are trained with on these images. */
  normalization?: Normalization;
}

/** Mean and standard deviation of each channel, of pixels within 0–1. */
export interface Normalization {
  mean: readonly number[];
  std: readonly number[];
}

/** A data set with its classes and its split. */
export interface Dataset {
  name: string;
  classNames: readonly string[];
  train: Images;
  test: Images;
}

/** The shape of MNIST's images and of those like it. */
export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const GREY: Shape = [SIDE, SIDE, 1];

/** Values of one image. */
export const sizeOf = ([height, width, channels]: Shape): number => height * width * channels;

/** The images at these places. */
export function pick(images: Images, places: readonly number[]): Images {
  const { pixels, labels, shape } = images;
  const size = sizeOf(shape);
  const chosen = {
    ...images,
    pixels: new Uint8Array(places.length * size),
    labels: new Uint8Array(places.length),
  };
  for (const [i, place] of places.entries()) {
    chosen.pixels.set(pixels.subarray(place * size, (place + 1) * size), i * size);
    chosen.labels[i] = labels[place]!;
  }
  return chosen;
}

/** The images at these places as float32 [places, height · width · channels] within 0–1. */
export function toInputs({ pixels, shape }: Images, places: readonly number[]): tf.Tensor2D {
  const size = sizeOf(shape);
  const values = new Float32Array(places.length * size);
  let i = 0;
  for (const place of places) {
    const end = (place + 1) * size;
    for (let from = end - size; from < end; from++) values[i++] = pixels[from]! / 255;
  }
  return tf.tensor2d(values, [places.length, size]);
}

/**
 * The images at these places as float32 [places, height, width, channels], within 0–1 or, if they
 * have a normalization, less its mean and divided by its deviation, channel by channel.
 */
export function toImageInputs(images: Images, places: readonly number[]): tf.Tensor4D {
  return tf.tidy(() => {
    const { shape, normalization } = images;
    const inputs = tf.reshape(toInputs(images, places), [places.length, ...shape]);
    if (!normalization) return inputs;
    const [mean, std] = [normalization.mean, normalization.std].map((x) => tf.tensor1d([...x]));
    return tf.div(tf.sub(inputs, mean!), std!);
  }) as tf.Tensor4D;
}

/** Their class indices, int32 [places]. */
export const toLabels = ({ labels }: Images, places: readonly number[]): tf.Tensor1D =>
  tf.tensor1d(
    places.map((place) => labels[place]!),
    "int32",
  );
