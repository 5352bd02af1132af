import * as tf from "@tensorflow/tfjs-core";
import {
  checkCams,
  checkMaps,
  checkNumber,
  checkOptions,
  checkSameBatch,
} from "../../internal/checks.ts";
import { type Colormap, colormaps, colorsOf } from "./colormaps.ts";

/** Options of {@link overlayCam}. */
export interface OverlayCamOptions {
  /**
   * `"viridis"`, `"magma"` or `"inferno"`; default viridis. All are perceptually uniform: equal
   * steps of the map look equal, also in greyscale and to colour-blind readers.
   */
  colormap?: Colormap | undefined;
  /** The opacity of the colour, 0–1; default 0.5, where both image and map are visible. */
  alpha?: number | undefined;
}

/**
 * Overlays maps on their images, enlarged bilinearly.
 *
 * $$O = (1 - \alpha) \, I + \alpha \cdot \mathrm{color}(\mathrm{resize}(M))$$
 *
 * The centres of the map's outermost pixels lie half a pixel inside the border
 * (`halfPixelCenters`), so that the map covers the image evenly.
 *
 * @param images float32 [N, H, W, 3] or grey [N, H, W, 1], in 0–1; other values are clipped.
 * @param cams float32 [N, h, w], in 0–1 as returned by {@link normalizeCam}; other values are
 * clipped. They are not rescaled, so that maps with a common scale can be compared.
 * @param options `colormap` and `alpha`, see {@link OverlayCamOptions}.
 * @returns float32 [N, H, W, 3] in 0–1, for `tf.browser.toPixels`. No gradient is defined.
 * @throws If a shape, dtype or option is not as described, or if the batches differ.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { eigenCam, normalizeCam, overlayCam } from "kd-cmi";
 *
 * const images = tf.randomUniform([2, 28, 28, 1]);
 * const cams = normalizeCam(eigenCam(tf.randomUniform([2, 7, 7, 16])));
 * const pictures = overlayCam(images, cams, { colormap: "magma", alpha: 0.6 }); // [2, 28, 28, 3]
 * ```
 */
export function overlayCam(
  images: tf.Tensor,
  cams: tf.Tensor,
  options: OverlayCamOptions = {},
): tf.Tensor4D {
  checkOptions("overlayCam", options, ["colormap", "alpha"]);
  const { colormap = "viridis", alpha = 0.5 } = options;
  const pictures = checkMaps("overlayCam", "images", images);
  const [n, height, width, channels] = pictures.shape;
  if (channels !== 1 && channels !== 3) {
    const expected = "1 or 3 channels";
    throw new Error(`overlayCam: images must have ${expected}, got [${pictures.shape}]`);
  }
  const maps = checkCams("overlayCam", "cams", cams);
  checkSameBatch("overlayCam", "cams", maps, "images", pictures);
  if (!colormaps.includes(colormap)) {
    throw new Error(`overlayCam: colormap must be one of ${colormaps.join(", ")}, got ${colormap}`);
  }
  checkNumber("overlayCam", "alpha", alpha, { minimum: 0, maximum: 1 });

  return tf.tidy(() => {
    const pixels: tf.Tensor4D = tf.expandDims(maps, 3);
    const large = tf.image.resizeBilinear(pixels, [height, width], false, true);
    const colors = tf.reshape(colorsOf(tf.clipByValue(large, 0, 1), colormap), [
      n,
      height,
      width,
      3,
    ]);
    const grey = tf.mul(tf.clipByValue(pictures, 0, 1), 1 - alpha);
    return tf.add(grey, tf.mul(colors, alpha));
  });
}
