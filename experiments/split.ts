import { type Dataset, type Images, pick } from "./data/images.ts";
import { range, shuffled } from "./data/order.ts";
import type { Plan, StudentPlan } from "./plan.ts";

export interface Split {
  train: Images;
  validation: Images;
  test: Images;
}

/**
 * Training and validation images drawn by the seed, and the data set's own test images.
 *
 * @throws If there are not as many.
 */
export function split(data: Dataset, { train, validation }: Plan["images"], seed: number): Split {
  const count = data.train.labels.length;
  if (train + validation > count) {
    throw new Error(`${data.name} has ${count} images, fewer than ${train} + ${validation}`);
  }
  const places = shuffled(range(count), `split ${seed}`);
  return {
    validation: pick(data.train, places.slice(0, validation)),
    train: pick(data.train, places.slice(validation, validation + train)),
    test: data.test,
  };
}

/** The images that a student sees; a smaller share is part of a larger one. */
export function studentImages(
  images: Images,
  { share, removed, atMost }: StudentPlan,
  seed: number,
): number[] {
  const count = images.labels.length;
  return shuffled(range(count), `share ${seed}`)
    .slice(0, Math.round(share * count))
    .filter((place) => !removed.includes(images.labels[place]!))
    .slice(0, atMost);
}
