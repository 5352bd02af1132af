import { checkNumber } from "../../internal/checks.ts";
import { sliceRows } from "../../ops/slice-rows.ts";
import { type DistillationTensors, mapTensors, sampleCount } from "./labelled-data.ts";

/** Splits off the last share of the samples, in new tensors. Without one, `held` is undefined. */
export function holdOut(
  fn: string,
  data: DistillationTensors,
  share: number,
): { kept: DistillationTensors; held: DistillationTensors | undefined } {
  checkNumber(fn, "validationSplit", share, { minimum: 0, maximum: 1 });
  const samples = sampleCount(data);
  const count = samples - Math.floor(share * samples);
  if (count === samples) return { kept: data, held: undefined };
  if (count === 0) throw new Error(`${fn}: validationSplit must leave a sample, got ${share}`);
  const part = (start: number, size: number) => mapTensors(data, (x) => sliceRows(x, start, size));
  return { kept: part(0, count), held: part(count, samples - count) };
}
