import { WARM_UP_EPOCHS } from "./epochs.ts";

/**
 * A factor that rises to 1 epoch by epoch, for losses that would rule an untrained student.
 *
 * @param size Images of an epoch.
 * @returns To be told the images of each step, which it counts.
 */
export function warmUp(size: number): (images: number) => number {
  let seen = 0;
  return (images) => {
    const epoch = 1 + Math.floor(seen / size);
    seen += images;
    return Math.min(epoch / WARM_UP_EPOCHS, 1);
  };
}
