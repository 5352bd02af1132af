import * as tfl from "@tensorflow/tfjs-layers";
import { GREY, type Images, pick } from "../../experiments/data/images.ts";
import { range } from "../../experiments/data/order.ts";
import { TEST_IMAGES } from "../data/counts.ts";
import { unpacked } from "../data/packed-images.ts";

/** The shipped images and the weights of the shipped teacher. */
export interface Shipped {
  train: Images;
  test: Images;
  teacher: tfl.LayersModel;
}

/** Shipped data could not be loaded, for a reason in words. */
export class LoadFailure extends Error {}

/**
 * Loads the shipped data from their folder.
 *
 * @throws A {@link LoadFailure} if a file cannot be fetched or read.
 */
export async function loadShipped(folder: string): Promise<Shipped> {
  const [images, teacher] = await Promise.all([
    named("images", loadImages(new URL("images.bin", folder))),
    named("teacher", tfl.loadLayersModel(String(new URL("teacher/model.json", folder)))),
  ]);
  const count = images.labels.length;
  return {
    train: pick(images, range(count - TEST_IMAGES)),
    test: pick(images, range(count).slice(-TEST_IMAGES)),
    teacher,
  };
}

/** The result of loading, whose failure says what could not be loaded. */
const named = <T>(what: string, loading: Promise<T>): Promise<T> =>
  loading.catch((error) => {
    throw new LoadFailure(`The ${what} could not be loaded: ${error.message}`);
  });

async function loadImages(address: URL): Promise<Images> {
  const response = await fetch(address);
  if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
  const inflated = response.body.pipeThrough(new DecompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(inflated).arrayBuffer());
  return { ...unpacked(bytes), shape: GREY };
}
