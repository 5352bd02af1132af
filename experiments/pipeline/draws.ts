import type { Images } from "../data/images.ts";
import { range } from "../data/order.ts";

/** The draws of an epoch. Batches are cut from 0, …, count − 1 in random order. */
export interface Draws {
  count: number;
  /** The place of the drawn image, or none, which leaves a gap in the batch. */
  placeOf(draw: number): number | undefined;
}

/** The number of images in an epoch: the draws that are no gaps. */
export const imagesIn = ({ count, placeOf }: Draws): number =>
  range(count).filter((draw) => placeOf(draw) !== undefined).length;

/** Each image once. */
export const eachOnce = ({ labels }: Images): Draws => ({
  count: labels.length,
  placeOf: (draw) => draw,
});

/** The images over and over, until `count` are drawn. */
export const repeated = ({ labels }: Images, count: number): Draws => ({
  count,
  placeOf: (draw) => draw % labels.length,
});

/**
 * The draws before some images were removed, with gaps for those.
 *
 * @param kept The places, before the removal, of the images that are left.
 */
export function withGaps({ count, placeOf }: Draws, kept: readonly number[]): Draws {
  const left = new Map(kept.map((place, i) => [place, i]));
  return { count, placeOf: (draw) => left.get(placeOf(draw)!) };
}
