import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { cropAndFlip } from "../data/augment.ts";
import type { Images } from "../data/images.ts";
import { batches, range } from "../data/order.ts";
import type { Draws } from "./draws.ts";
import type { StudentPlan } from "./plan.ts";
import { classesOf, inputsOf } from "./training.ts";

/** Draws in a forward pass of the teacher. */
const PASS = 250;
/** Passes of a few images round in another way on wasm. */
const SMALLEST_PASS = 8;

/** A teacher's logits of the augmented images of epochs, by the names of the images and of the epoch. */
export type LogitsStore = Map<string, EpochLogits>;

interface EpochLogits {
  /** [draws · classes] */
  values: Float32Array;
  /** Whether a draw's logits have been computed. */
  known: Uint8Array;
}

/**
 * Names the images that a student's draws stand for. Students whose images differ only by gaps have the
 * same augmented images, and the same teacher gives them the same logits.
 */
export const imagesOf = ({ share, atMost, drawn, gaps, removed, orders }: StudentPlan): string =>
  JSON.stringify([share, atMost, drawn, orders?.images, gaps ? [] : removed]);

/** What {@link sharedLogits} needs of a student's training. */
interface SharedSource {
  model: tfl.LayersModel;
  store: LogitsStore;
  /** The images and their draws, and the name of these. */
  images: Images;
  draws: Draws;
  name: string;
}

/**
 * The teacher's logits of a student's augmented images, computed before each epoch where no earlier student
 * has done so. In inference mode a sample's logits do not depend on its pass.
 */
export function sharedLogits({ model, store, images, draws, name }: SharedSource) {
  const classes = classesOf(model);
  // Those of other images may take gigabytes, and plans with equal images follow each other.
  for (const key of store.keys()) if (!key.startsWith(`${name}, `)) store.delete(key);
  let current: EpochLogits | undefined;

  async function compute(epoch: string, drawn: readonly number[], { values, known }: EpochLogits) {
    const logits = tf.tidy(() => {
      const places = drawn.map((draw) => draws.placeOf(draw)!);
      const augmented = cropAndFlip(images, places, epoch, drawn);
      return model.apply(inputsOf(model, augmented, range(drawn.length))) as tf.Tensor2D;
    });
    const rows = await logits.data<"float32">();
    logits.dispose();
    for (const [row, draw] of drawn.entries()) {
      values.set(rows.subarray(row * classes, (row + 1) * classes), draw * classes);
      known[draw] = 1;
    }
  }

  return {
    /** @param epoch The name of the epoch's order and augmentation. */
    async prepare(epoch: string): Promise<void> {
      const key = `${name}, ${epoch}`;
      const { count } = draws;
      current = store.get(key) ?? {
        values: new Float32Array(count * classes),
        known: new Uint8Array(count),
      };
      store.set(key, current);
      const { known } = current;
      const missing = range(count).filter((i) => !known[i] && draws.placeOf(i) !== undefined);
      for (const drawn of passesOf(missing)) await compute(epoch, drawn, current);
    },

    /** The logits of draws of the prepared epoch, [draws, classes]. */
    of(drawn: readonly number[]): tf.Tensor2D {
      const { values } = current!;
      const rows = new Float32Array(drawn.length * classes);
      for (const [row, draw] of drawn.entries()) {
        rows.set(values.subarray(draw * classes, (draw + 1) * classes), row * classes);
      }
      return tf.tensor2d(rows, [drawn.length, classes]);
    },
  };
}

/** Passes over draws. Small ones are filled by repeating a draw. */
const passesOf = (draws: readonly number[]): number[][] =>
  batches(draws, PASS).map((pass) => [
    ...pass,
    ...range(SMALLEST_PASS - pass.length).map(() => pass[0]!),
  ]);
