import { type Dataset, type Images, pick } from "../data/images.ts";
import { range, shuffled } from "../data/order.ts";
import { type Draws, eachOnce, repeated, withGaps } from "./draws.ts";
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

/**
 * The images that a student sees, and their draws in an epoch. A smaller share is part of a larger one.
 * Where removed images leave gaps, they count among the `atMost` images.
 */
export function studentImages(
  images: Images,
  plan: Pick<StudentPlan, "share" | "removed" | "atMost" | "gaps" | "drawn" | "orders">,
  seed: number,
): { images: Images; draws: Draws } {
  const { share, removed, atMost, gaps, drawn, orders = DEFAULT_ORDERS } = plan;
  const count = images.labels.length;
  const all = range(count);
  const ordered = orders.images === undefined ? all : shuffled(all, `${orders.images} ${seed}`);
  const shared = ordered.slice(0, Math.round(share * count));
  const isKept = (place: number) => !removed.includes(images.labels[place]!);
  const before = pick(
    images,
    gaps ? shared.slice(0, atMost) : shared.filter(isKept).slice(0, atMost),
  );
  const draws = drawn ? repeated(before, drawn) : eachOnce(before);
  if (!gaps) return { images: before, draws };
  const kept = range(before.labels.length).filter((i) => !removed.includes(before.labels[i]!));
  return { images: pick(before, kept), draws: withGaps(draws, kept) };
}
