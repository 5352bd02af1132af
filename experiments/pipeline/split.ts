import { type Dataset, type Images, pick } from "../data/images.ts";
import { range, shuffled } from "../data/order.ts";
import { DEFAULT_ORDERS, type Plan, type StudentPlan } from "./plan.ts";

export interface Split {
  train: Images;
  validation: Images;
  test: Images;
}

/**
 * Training and validation images drawn by the seed, and the data set's own test images.
 *
 * @throws If the data set has fewer images.
 */
export function split(data: Dataset, { train, validation }: Plan["images"], seed: number): Split {
  const count = data.train.labels.length;
  if (train + validation > count) {
    throw new Error(
      `split: ${data.name} must have at least ${train} + ${validation} training images, got ${count}`,
    );
  }
  const places = shuffled(range(count), `split ${seed}`);
  return {
    validation: pick(data.train, places.slice(0, validation)),
    train: pick(data.train, places.slice(validation, validation + train)),
    test: data.test,
  };
}

/** The places of the images that a student sees. A smaller share is part of a larger one. */
export function studentImages(
  images: Images,
  { share, removed, atMost, orders = DEFAULT_ORDERS }: StudentPlan,
  seed: number,
): number[] {
  const count = images.labels.length;
  const all = range(count);
  const places = orders.images === undefined ? all : shuffled(all, `${orders.images} ${seed}`);
  return places
    .slice(0, Math.round(share * count))
    .filter((place) => !removed.includes(images.labels[place]!))
    .slice(0, atMost);
}
