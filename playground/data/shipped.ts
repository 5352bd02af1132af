import { type Dataset, type Images, pick } from "../../experiments/data/images.ts";
import { range } from "../../experiments/data/order.ts";
import { split } from "../../experiments/pipeline/split.ts";
import { TEST_IMAGES, TRAIN_IMAGES } from "./counts.ts";
import { rounded } from "./packed-images.ts";

/** The images of the playground. */
export interface ShippedImages {
  /** A part of the teacher's training images. */
  train: Images;
  /** Test images of MNIST. */
  test: Images;
}

/** The split from which images are shipped: that of the demo's first seed. */
export const SPLIT = { train: 20_000, validation: 5000 };
export const SEED = 1;

/** The teacher's training images, of which the first ones are shipped, and the shipped test images. */
export function teacherImages(data: Dataset): ShippedImages {
  const { train, test } = split(data, SPLIT, SEED);
  return { train: rounded(train), test: rounded(pick(test, range(TEST_IMAGES))) };
}

/** The shipped images. */
export function shippedImages(data: Dataset): ShippedImages {
  const { train, test } = teacherImages(data);
  return { train: pick(train, range(TRAIN_IMAGES)), test };
}
