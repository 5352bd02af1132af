import { warmUpEpochs } from "./epochs.ts";
import type { Setup } from "./method.ts";

/**
 * A factor that rises to 1 epoch by epoch, for losses that would rule an untrained student.
 *
 * @returns To be told the images of each step, which it counts.
 */
export function warmUp({
  labels,
  epochs,
}: Pick<Setup, "labels" | "epochs">): (images: number) => number {
  let seen = 0;
  return (images) => {
    const epoch = 1 + Math.floor(seen / labels.length);
    seen += images;
    return Math.min(epoch / warmUpEpochs(epochs), 1);
  };
}
