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

/**
 * Loads the shipped data from their folder.
 *
 * @throws If a file cannot be fetched, naming it.
 */
export async function loadShipped(folder: string): Promise<Shipped> {
  const [images, teacher] = await Promise.all([
    loadImages(new URL("images.bin", folder)),
    tfl.loadLayersModel(String(new URL("teacher/model.json", folder))),
  ]);
  const count = images.labels.length;
  return {
    train: pick(images, range(count - TEST_IMAGES)),
    test: pick(images, range(count).slice(-TEST_IMAGES)),
    teacher,
  };
}

async function loadImages(address: URL): Promise<Images> {
  const response = await fetch(address);
  if (!response.ok || !response.body) {
    throw new Error(`The images could not be loaded: ${address} answered ${response.status}.`);
  }
  const inflated = response.body.pipeThrough(new DecompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(inflated).arrayBuffer());
  return { ...unpacked(bytes), shape: GREY };
}
