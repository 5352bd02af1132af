import { extent, range, ticks } from "d3-array";
import type { Axis } from "./chart.ts";
import { plainNumber } from "./text.ts";

const MOST_TICKS = 12;
const ROOM = 1.15;

/** The echarts option of an axis. On a logarithmic axis, `ticksOf` chooses the ticks. */
export function axisOf({ name, log }: Axis, values: readonly number[], ticksOf: TicksOf) {
  if (!log) return { type: "value" as const, name, scale: true };
  const [low = 1, high = 10] = extent(values.filter((x) => x > 0 && Number.isFinite(x)));
  const [min, max] = [low / ROOM, high * ROOM];
  const customValues = ticksOf(values, min, max);
  return {
    type: "log" as const,
    name,
    min,
    max,
    axisTick: { customValues },
    axisLabel: { customValues, formatter: plainNumber },
  };
}

export type TicksOf = (values: readonly number[], min: number, max: number) => number[];

/** The values themselves, which were chosen by hand, unless there are many. */
export const chosenTicks: TicksOf = (values, min, max) => {
  const chosen = [...new Set(values)].filter((x) => x > 0).sort((a, b) => a - b);
  return chosen.length > MOST_TICKS ? roundTicks(values, min, max) : chosen;
};

/** 1, 2 and 5 times powers of ten, powers alone over many decades, or round numbers within one. */
export const roundTicks: TicksOf = (_, min, max) => {
  const powers = range(Math.floor(Math.log10(min)), Math.log10(max));
  const steps = powers.length > 3 ? [1] : [1, 2, 5];
  const round = powers
    .flatMap((power) => steps.map((step) => step * 10 ** power))
    .filter((tick) => tick >= min && tick <= max);
  return round.length > 1 ? round : ticks(min, max, 4);
};
