import seedrandom from "seedrandom";
import { type Images, sizeOf } from "./images.ts";

/** Pixels by which an image is moved at most. */
const PADDING = 4;

/**
 * The usual augmentation of CIFAR: shifts the images by −4 to 4 pixels in both directions, fills the
 * border with black, and flips half of them horizontally. It augments the bytes, so the border is
 * black and not the mean after normalization, as in RepDistiller.
 *
 * @param name Fixes the augmentation of each draw, independently of the batch. Use another name for
 * each seed and epoch.
 * @param draws A number for each place. An image that is drawn twice in an epoch needs two numbers.
 * @returns One image for each place.
 */
export function cropAndFlip(
  images: Images,
  places: readonly number[],
  name: string,
  draws = places,
): Images {
  const { pixels, labels, shape } = images;
  const [height, width, channels] = shape;
  const size = sizeOf(shape);
  const result = new Uint8Array(places.length * size); // black
  for (const [i, place] of places.entries()) {
    const random = seedrandom.alea(`${name}, image ${draws[i]!}`);
    const [down, right] = [shift(random()), shift(random())];
    const isFlipped = random() < 0.5;
    for (let y = Math.max(0, -down); y < Math.min(height, height - down); y++) {
      for (let x = Math.max(0, -right); x < Math.min(width, width - right); x++) {
        const from = place * size + ((y + down) * width + x + right) * channels;
        const to = i * size + (y * width + (isFlipped ? width - 1 - x : x)) * channels;
        for (let c = 0; c < channels; c++) result[to + c] = pixels[from + c]!;
      }
    }
  }
  const chosen = Uint8Array.from(places, (place) => labels[place]!);
  return { ...images, pixels: result, labels: chosen };
}

const shift = (random: number) => Math.floor(random * (2 * PADDING + 1)) - PADDING;
