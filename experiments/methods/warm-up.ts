import { warmUpEpochs } from "./epochs.ts";
import type { Setup } from "./method.ts";

/**
 * A factor that rises to 1 epoch by epoch, for losses that would dominate an untrained student.
 *
 * @returns A function from the number of images of each step to the factor.
 */
export function warmUp({
  imagesPerEpoch,
  epochs,
}: Pick<Setup, "imagesPerEpoch" | "epochs">): (images: number) => number {
  let seen = 0;
  return (images) => {
    const epoch = 1 + Math.floor(seen / imagesPerEpoch);
    seen += images;
    return Math.min(epoch / warmUpEpochs(epochs), 1);
  };
}
