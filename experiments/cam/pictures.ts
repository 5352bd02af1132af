import * as tf from "@tensorflow/tfjs-core";
import { overlayCam } from "kd-cmi";
import { PNG } from "pngjs";
import { type Images, SIDE, toInputs } from "../data/images.ts";

/** Size of each image in a picture and gap between images, in pixels. */
const SIZE = 112;
const GAP = 4;

/** A row of images, and below it a row for each teacher with its maps over the same images. */
export async function drawOverlays(
  images: Images,
  places: readonly number[],
  maps: readonly number[][][][],
): Promise<Buffer> {
  return toPng(() => {
    const grey: tf.Tensor4D = tf.reshape(toInputs(images, places), [-1, SIDE, SIDE, 1]);
    const large = tf.image.resizeNearestNeighbor(grey, [SIZE, SIZE]);
    const plain = tf.tile(large, [1, 1, 1, 3]) as tf.Tensor4D;
    const overlays = maps.map((cams) => overlayCam(large, tf.tensor3d(cams), { alpha: 0.6 }));
    return grid([plain, ...overlays]);
  });
}

/** Maps in one row, on the same scale from 0 to the overall maximum. */
export async function drawMaps(maps: readonly number[][][]): Promise<Buffer> {
  return toPng(() => {
    const cams = tf.tensor3d([...maps]);
    const black: tf.Tensor4D = tf.zeros([maps.length, SIZE, SIZE, 3]);
    return grid([overlayCam(black, tf.div(cams, tf.max(cams)), { alpha: 1 })]);
  });
}

/** Rows of images, [rows][N, H, W, 3], on a white background. */
function grid(rows: readonly tf.Tensor4D[]): tf.Tensor3D {
  const padded = rows.map((row) => {
    const gaps: [number, number][] = [[0, 0], [0, GAP], [0, GAP], [0, 0]]; // biome-ignore format: one line
    return tf.concat(tf.unstack(tf.pad(row, gaps, 1)), 1);
  });
  return tf.concat(padded, 0) as tf.Tensor3D;
}

/** Encodes a tensor [H, W, 3] of values 0–1 as a PNG file. */
async function toPng(draw: () => tf.Tensor3D): Promise<Buffer> {
  const picture = tf.tidy(() => tf.clipByValue(draw(), 0, 1) as tf.Tensor3D);
  const [height, width] = picture.shape;
  const png = new PNG({ width, height });
  png.data = Buffer.from(await tf.browser.toPixels(picture));
  picture.dispose();
  return PNG.sync.write(png);
}
