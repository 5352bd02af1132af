/** Writes public/images.bin: the shipped images, deflated. `npm run build:playground` calls it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { constants, deflateRawSync } from "node:zlib";
import { loadMnist } from "../../experiments/data/load.ts";
import { packed } from "./packed-images.ts";
import { shippedImages } from "./shipped.ts";

const { train, test } = shippedImages(loadMnist());
const images = {
  pixels: Buffer.concat([train.pixels, test.pixels]),
  labels: Buffer.concat([train.labels, test.labels]),
};
const folder = new URL("../public/", import.meta.url);
mkdirSync(folder, { recursive: true });
const bytes = deflateRawSync(packed(images), { level: constants.Z_BEST_COMPRESSION });
writeFileSync(fileURLToPath(new URL("images.bin", folder)), bytes);
