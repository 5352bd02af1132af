import { join } from "node:path";
import { readFile, readFileOfSize } from "./files.ts";
import { type Dataset, type Images, type Normalization, type Shape, sizeOf } from "./images.ts";

const SHAPE: Shape = [32, 32, 3];
const SIZE = sizeOf(SHAPE);
const PLANE = 32 * 32;
const SOURCE = "get the binary version from https://www.cs.toronto.edu/~kriz/cifar.html";

/** The file format and the normalization of one of the two data sets. */
interface Format {
  numClasses: number;
  /** Bytes before the pixels of each image. The last of them is its class. */
  labelBytes: number;
  normalization: Normalization;
}

/**
 * CIFAR-10 (Krizhevsky, 2009): 50,000 training and 10,000 test images of 32×32 in colour, in ten
 * classes, from the original binary version.
 *
 * @param directory The folder of `data_batch_1.bin` to `data_batch_5.bin`, `test_batch.bin` and
 * `batches.meta.txt`.
 * @throws If a file is missing or truncated, or has other labels or names, naming it.
 */
export function loadCifar10(directory: string): Dataset {
  const normalization = { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] };
  const format = { numClasses: 10, labelBytes: 1, normalization };
  const load = (...names: string[]) => readImages(directory, names, 10_000, format);
  return {
    name: "CIFAR-10",
    classNames: readNames(join(directory, "batches.meta.txt"), format),
    train: load(...[1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`)),
    test: load("test_batch.bin"),
  };
}

/**
 * CIFAR-100 (Krizhevsky, 2009): 50,000 training and 10,000 test images of 32×32 in colour, in a
 * hundred classes, from the original binary version. Its twenty superclasses are not read.
 *
 * @param directory The folder of `train.bin`, `test.bin` and `fine_label_names.txt`.
 * @throws If a file is missing or truncated, or has other labels or names, naming it.
 */
export function loadCifar100(directory: string): Dataset {
  const normalization = { mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] };
  const format = { numClasses: 100, labelBytes: 2, normalization };
  return {
    name: "CIFAR-100",
    classNames: readNames(join(directory, "fine_label_names.txt"), format),
    train: readImages(directory, ["train.bin"], 50_000, format),
    test: readImages(directory, ["test.bin"], 10_000, format),
  };
}

function readNames(path: string, { numClasses }: Format): string[] {
  const lines = readFile(path, SOURCE).toString().split("\n");
  const names = lines.map((line) => line.trim()).filter((line) => line !== "");
  if (names.length !== numClasses) {
    throw new Error(`data file ${path} must have ${numClasses} names, got ${names.length}`);
  }
  return names;
}

/** Reads the images of files with `records` records each. */
function readImages(
  directory: string,
  names: readonly string[],
  records: number,
  { numClasses, labelBytes, normalization }: Format,
): Images {
  const images: Images = {
    pixels: new Uint8Array(names.length * records * SIZE),
    labels: new Uint8Array(names.length * records),
    shape: SHAPE,
    normalization,
  };
  let i = 0;
  for (const name of names) {
    const path = join(directory, name);
    const recordBytes = labelBytes + SIZE;
    const file = readFileOfSize(path, records * recordBytes, SOURCE);
    for (let record = 0; record < records; record++, i++) {
      const start = record * recordBytes + labelBytes;
      const label = file[start - 1]!;
      if (label >= numClasses) {
        const expected = `labels below ${numClasses}`;
        throw new Error(`data file ${path} must have ${expected}, got ${label} in record ${record + 1}`); // biome-ignore format: one line
      }
      images.labels[i] = label;
      interleave(file, start, images.pixels, i * SIZE);
    }
  }
  return images;
}

/** Reorders the red, green and blue planes of an image to the channels of each pixel. */
function interleave(from: Uint8Array, start: number, to: Uint8Array, first: number): void {
  for (let pixel = 0, i = first; pixel < PLANE; pixel++) {
    for (let place = start + pixel; place < start + SIZE; place += PLANE) to[i++] = from[place]!;
  }
}
