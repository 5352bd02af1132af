import { GREY, type Shape } from "./images.ts";

/** What a report needs of a data set: its name, its classes, and the shape of its images. */
export interface DatasetInfo {
  name: string;
  classNames: readonly string[];
  shape: Shape;
}

/** LeCun et al., 1998. */
export const MNIST: DatasetInfo = {
  name: "MNIST",
  classNames: Array.from({ length: 10 }, (_, digit) => String(digit)),
  shape: GREY,
};

/** Xiao et al., 2017. */
export const FASHION_MNIST: DatasetInfo = {
  name: "Fashion-MNIST",
  classNames: [
    "T-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
  ],
  shape: GREY,
};

/** Krizhevsky, 2009. */
export const CIFAR_10: DatasetInfo = {
  name: "CIFAR-10",
  classNames: [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
  ],
  shape: [32, 32, 3],
};
