import { type Images, PIXELS } from "../../experiments/data/images.ts";

/** Grey levels of the shipped images: 4 bits a pixel. */
const LEVELS = 16;
const STEP = 255 / (LEVELS - 1);

/** The images with pixels rounded to 16 levels within 0–255. */
export const rounded = (images: Images): Images => ({
  ...images,
  pixels: images.pixels.map((pixel) => STEP * Math.round(pixel / STEP)),
});

/** Images as bytes: a label each, then two pixels a byte, the first one in the high bits. */
export function packed({ pixels, labels }: Pick<Images, "pixels" | "labels">): Uint8Array {
  const levels = pixels.map((pixel) => Math.round(pixel / STEP));
  const pairs = new Uint8Array(levels.length / 2);
  for (const i of pairs.keys()) pairs[i] = (levels[2 * i]! << 4) | levels[2 * i + 1]!;
  const bytes = new Uint8Array(labels.length + pairs.length);
  bytes.set(labels);
  bytes.set(pairs, labels.length);
  return bytes;
}

/**
 * The images of {@link packed} bytes.
 *
 * @throws If the number of bytes is not that of whole images.
 */
export function unpacked(bytes: Uint8Array): Pick<Images, "pixels" | "labels"> {
  const size = 1 + PIXELS / 2;
  const count = bytes.length / size;
  if (!Number.isInteger(count)) {
    throw new Error(`images must have ${size} bytes each, got ${bytes.length} in all`);
  }
  const pixels = new Uint8Array(count * PIXELS);
  for (const [i, pair] of bytes.subarray(count).entries()) {
    pixels[2 * i] = STEP * (pair >> 4);
    pixels[2 * i + 1] = STEP * (pair & (LEVELS - 1));
  }
  return { pixels, labels: bytes.slice(0, count) };
}
