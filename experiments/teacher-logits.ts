import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { logitsOf } from "./common/training.ts";
import type { Images } from "./data/images.ts";
import { batches, range } from "./data/order.ts";
import type { Batch } from "./methods/method.ts";

const PASS = 500;

/**
 * The logits that a teacher has for batches of these images: all of them are computed at the first
 * one, unless each batch is new.
 */
export function teacherLogits(model: tfl.LayersModel, images: Images, isAugmented: boolean) {
  let all: tf.Tensor2D | undefined;
  const compute = () => {
    const passes = batches(range(images.labels.length), PASS);
    return tf.concat(passes.map((places) => tf.tidy(() => logitsOf(model, images, places))));
  };
  return {
    of({ inputs, indices }: Batch): tf.Tensor2D {
      if (isAugmented) return model.apply(inputs) as tf.Tensor2D;
      all ??= tf.keep(tf.tidy(compute));
      return tf.gather(all, indices);
    },
    dispose: () => all?.dispose(),
  };
}
