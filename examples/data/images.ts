import * as tf from "@tensorflow/tfjs-core";

/** Grey images of 28×28 with a class each; pixels 0–255, row by row, image after image. */
export interface Images {
  pixels: Uint8Array;
  labels: Uint8Array;
}

/** A data set with its classes and its split. */
export interface Dataset {
  name: string;
  classNames: readonly string[];
  train: Images;
  test: Images;
}

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;

/** The images at these places. */
export function pick({ pixels, labels }: Images, places: readonly number[]): Images {
  const chosen = {
    pixels: new Uint8Array(places.length * PIXELS),
    labels: new Uint8Array(places.length),
  };
  for (const [i, place] of places.entries()) {
    chosen.pixels.set(pixels.subarray(place * PIXELS, (place + 1) * PIXELS), i * PIXELS);
    chosen.labels[i] = labels[place]!;
  }
  return chosen;
}

/** The images at these places as float32 [places, 784] within 0–1. */
export function toInputs({ pixels }: Images, places: readonly number[]): tf.Tensor2D {
  const values = new Float32Array(places.length * PIXELS);
  let i = 0;
  for (const place of places) {
    const end = (place + 1) * PIXELS;
    for (let from = end - PIXELS; from < end; from++) values[i++] = pixels[from]! / 255;
  }
  return tf.tensor2d(values, [places.length, PIXELS]);
}

/** Their class indices, int32 [places]. */
export const toLabels = ({ labels }: Images, places: readonly number[]): tf.Tensor1D =>
  tf.tensor1d(
    places.map((place) => labels[place]!),
    "int32",
  );
