import { checkNumber } from "../../internal/checks.ts";
import { sliceRows } from "../../ops/slice-rows.ts";
import type { LabelledTensors } from "./labelled-data.ts";

/** Splits off the last share of the samples, in new tensors. Without one, `held` is undefined. */
export function holdOut(
  fn: string,
  data: LabelledTensors,
  share: number,
): { kept: LabelledTensors; held: LabelledTensors | undefined } {
  checkNumber(fn, "validationSplit", share, { minimum: 0, maximum: 1 });
  const { xs, ys } = data;
  const [samples = 0] = ys.shape;
  const count = samples - Math.floor(share * samples);
  if (count === samples) return { kept: data, held: undefined };
  if (count === 0) throw new Error(`${fn}: validationSplit must leave a sample, got ${share}`);
  const part = (start: number, size: number): LabelledTensors => ({
    xs: Array.isArray(xs) ? xs.map((x) => sliceRows(x, start, size)) : sliceRows(xs, start, size),
    ys: sliceRows(ys, start, size),
  });
  return { kept: part(0, count), held: part(count, samples - count) };
}
