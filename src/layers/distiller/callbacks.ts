import * as tfl from "@tensorflow/tfjs-layers";
import type { Totals } from "./totals.ts";
import { yieldToEvents } from "./yield-to-events.ts";

/** A callback as `tf.LayersModel.fit` takes it: an object, or plain handlers. */
export type AnyCallback = tfl.Callback | tfl.CustomCallbackArgs;

/** The callbacks of a training run, and when it yields. */
export interface Listeners {
  /** Undefined if no callback is given. */
  list: tfl.CallbackList | undefined;
  onYield: (epoch: number, batch: number, totals: Totals) => Promise<void>;
  yieldAfterMs: number;
}

/** Converts handlers to a callback object, without `onYield`, which {@link yieldTo} calls. */
export function toCallback(callback: AnyCallback): tfl.Callback | tfl.CustomCallback {
  if (callback instanceof tfl.Callback) return callback;
  const { onYield: _, ...handlers } = callback;
  return new tfl.CustomCallback(handlers, "never");
}

/** Yields to the event loop and calls the handlers `onYield` with the means of the epoch so far. */
export function yieldTo(callbacks: readonly AnyCallback[]): Listeners["onYield"] {
  const handlers = callbacks.flatMap((callback) =>
    !(callback instanceof tfl.Callback) && callback.onYield ? [callback.onYield] : [],
  );
  return async (epoch, batch, totals) => {
    const logs = handlers.length > 0 ? await totals.means() : {};
    await Promise.all([yieldToEvents(), ...handlers.map((handler) => handler(epoch, batch, logs))]);
  };
}

/** The logs of an epoch in a line, as Keras prints them. */
export function epochLine(epoch: number, epochs: number, logs: Record<string, number>): string {
  const values = Object.entries(logs).map(([name, value]) => `${name}: ${value.toPrecision(4)}`);
  return [`Epoch ${epoch + 1}/${epochs}`, ...values].join(" - ");
}
