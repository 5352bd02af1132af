import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import type { Images } from "../data/images.ts";
import type { Batch } from "../methods/method.ts";
import { logitsOf, passesOf } from "./training.ts";

/**
 * The teacher's logits for batches of these images. Without augmentation, the logits of all images
 * are computed once, at the first batch.
 */
export function teacherLogits(model: tfl.LayersModel, images: Images, isAugmented: boolean) {
  let all: tf.Tensor2D | undefined;
  const compute = () =>
    tf.concat(passesOf(images).map((places) => tf.tidy(() => logitsOf(model, images, places))));
  return {
    of({ inputs, indices }: Batch): tf.Tensor2D {
      if (isAugmented) return model.apply(inputs) as tf.Tensor2D;
      all ??= tf.keep(tf.tidy(compute));
      return tf.gather(all, indices);
    },
    dispose: () => all?.dispose(),
  };
}
