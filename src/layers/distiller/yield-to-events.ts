import * as tf from "@tensorflow/tfjs-core";
import { checkNumber } from "../../internal/checks.ts";

/**
 * How often training yields to the event loop, as in `tf.LayersModel.fit`: `"auto"` every 125 ms, a
 * number of milliseconds, after each batch or epoch, or never.
 */
export type YieldEvery = "auto" | "batch" | "epoch" | "never" | number;

const AUTO_MS = 125;
const NAMES: Record<string, number> = {
  auto: AUTO_MS,
  batch: 0,
  epoch: Number.POSITIVE_INFINITY,
  never: Number.POSITIVE_INFINITY,
};

/** Milliseconds after which training yields within an epoch. */
export function yieldAfter(fn: string, yieldEvery: YieldEvery): number {
  const named = typeof yieldEvery === "string" ? NAMES[yieldEvery] : undefined;
  if (named !== undefined) return named;
  if (typeof yieldEvery !== "number") {
    const expected = `${Object.keys(NAMES).join(", ")} or a number of milliseconds`;
    throw new Error(`${fn}: yieldEvery must be ${expected}, got ${yieldEvery}`);
  }
  checkNumber(fn, "yieldEvery", yieldEvery, { minimum: 0 });
  return yieldEvery;
}

/** Time after which a wait for the next frame ends, in ms. */
const LONGEST_WAIT_MS = 100;

/** Yields to the event loop. Browsers give hidden tabs no frames, so a timer ends the wait too. */
export async function yieldToEvents(nextFrame: () => Promise<void> = tf.nextFrame): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LONGEST_WAIT_MS);
  });
  await Promise.race([nextFrame(), timeout]);
  clearTimeout(timer);
}
