import * as tf from "@tensorflow/tfjs-core";
import { gatherRows } from "../../ops/gather-rows.ts";

/** Colour maps whose lightness increases evenly from 0 to 1, so that no step looks like an edge. */
export type Colormap = "viridis" | "magma" | "inferno";

/**
 * Every fifth of the 256 colours of matplotlib's tables (Smith, van der Walt, 2015; CC0), as
 * printed in d3-scale-chromatic 3.1.1. Linear interpolation between them is accurate to 0.005 per
 * channel.
 */
const TABLES: Record<Colormap, string> = {
  viridis: `
    440154 46085c 471063 481769 481d6f 482475 472a7a 46307e 453781 433d84 414287 3f4889 3d4e8a
    3a538b 38598c 355e8d 33638d 31688e 2e6d8e 2c718e 2a768e 297b8e 27808e 25848e 23898e 218e8d
    20928c 1f978b 1e9c89 1fa188 21a585 24aa83 28ae80 2eb37c 35b779 3dbc74 46c06f 50c46a 5ac864
    65cb5e 70cf57 7cd250 89d548 95d840 a2da37 b0dd2f bddf26 cae11f d8e219 e5e419 f1e51d fde725`,
  magma: `
    000004 02020b 050416 090720 0e0b2b 140e36 1a1042 21114e 29115a 311165 390f6e 420f75 4a1079
    52137c 5a167e 621980 6a1c81 721f81 792282 812581 892881 912b81 992d80 a1307e aa337d b2357b
    ba3878 c23b75 ca3e72 d2426f d9466b e04c67 e75263 ec5860 f1605d f4695c f7725c f97b5d fb8560
    fc8e64 fd9869 fea16e feaa74 feb47b febd82 fec68a fecf92 fed89a fde2a3 fdebac fcf4b6 fcfdbf`,
  inferno: `
    000004 02020c 050417 0a0722 10092d 160b39 1e0c45 260c51 2f0a5b 380962 400a67 490b6a 510e6c
    59106e 61136e 69166e 71196e 781c6d 801f6c 88226a 902568 982766 a02a63 a82e5f b0315b b73557
    bf3952 c63d4d cc4248 d34743 d94d3d df5337 e45a31 e9612b ed6925 f1711f f47918 f78212 f98b0b
    fa9407 fb9d07 fca60c fcb014 fbba1f fac42a f8cd37 f6d746 f4e156 f2ea69 f2f27d f5f992 fcffa4`,
};

/** A literal, so that bundlers drop the tables of programs that paint no map. */
export const colormaps: readonly Colormap[] = ["viridis", "magma", "inferno"];

/** Maps numbers in 0–1 to colours: any shape → [size, 3], in 0–1. */
export function colorsOf(values: tf.Tensor, colormap: Colormap): tf.Tensor2D {
  return tf.tidy(() => {
    const table = TABLES[colormap].trim().split(/\s+/).map(channels);
    const last = table.length - 1;
    const rise = table.map((color, i) => color.map((x, c) => (table[i + 1]?.[c] ?? x) - x));
    const place = tf.mul(tf.reshape(values, [-1, 1]), last);
    const below = tf.floor(place);
    const indices: tf.Tensor1D = tf.reshape(tf.cast(below, "int32"), [-1]);
    const slope = gatherRows(tf.tensor2d(rise), indices);
    return tf.add(gatherRows(tf.tensor2d(table), indices), tf.mul(slope, tf.sub(place, below)));
  });
}

/** "ff8000" → [1, 0.5, 0] */
const channels = (hex: string): number[] =>
  [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
