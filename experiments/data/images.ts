import * as tf from "@tensorflow/tfjs-core";

/** The shape of an image. */
export type Shape = readonly [height: number, width: number, channels: number];

/** Images of one shape and their classes. Pixels are 0–255 in NHWC order. */
export interface Images {
  pixels: Uint8Array;
  labels: Uint8Array;
  shape: Shape;
  /** The usual normalization of these images in the literature. */
  normalization?: Normalization;
}

/** Mean and standard deviation of each channel, for pixels within 0–1. */
export interface Normalization {
  mean: readonly number[];
  std: readonly number[];
}

/** A data set with its classes and its split into training and test images. */
export interface Dataset {
  name: string;
  classNames: readonly string[];
  train: Images;
  test: Images;
}

/** The shape of MNIST's and Fashion-MNIST's images. */
export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const GREY: Shape = [SIDE, SIDE, 1];

/** The number of values of an image. */
export const sizeOf = ([height, width, channels]: Shape): number => height * width * channels;

/**
 * The images at these places.
 *
 * @throws If there is no image at a place.
 */
export function pick(images: Images, places: readonly number[]): Images {
  const { pixels, labels, shape } = images;
  const size = sizeOf(shape);
  const outside = places.find((place) => !(place in labels));
  if (outside !== undefined) {
    throw new Error(`pick: no image at ${outside}; there are ${labels.length}`);
  }
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
  for (const [i, place] of places.entries()) {
    values.set(pixels.subarray(place * size, (place + 1) * size), i * size);
  }
  // Divided by the backend, which rounds alike and takes a tenth of the time of a loop here.
  return tf.tidy(() => tf.div(tf.tensor2d(values, [places.length, size]), 255));
}

/**
 * The images at these places as float32 [places, height, width, channels], within 0–1 or normalized
 * channel by channel.
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

/** The class indices of the images at these places, int32 [places]. */
export const toLabels = ({ labels }: Images, places: readonly number[]): tf.Tensor1D =>
  tf.tensor1d(
    places.map((place) => labels[place]!),
    "int32",
  );
