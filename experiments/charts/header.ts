import type { TitleComponentOption } from "echarts";
import { textWidth } from "./text.ts";

const ICON = 30;
const GAP = 24;
const LINE = 20;

export const MARGIN_OF_ERROR = "lines: ± one standard error";

/** A title, a note and a legend with as many lines as it needs. */
export function headerOf(title: string, note: string, names: readonly string[], width: number) {
  const top = note === "" ? 26 : 42;
  const lines = linesOf(names, width);
  return {
    title: titleOf(title, note),
    // One legend for each line, since the place where echarts would wrap a legend is unknown.
    legend: lines.map((data, i) => ({ data, top: top + i * LINE, itemGap: GAP })),
    height: top + lines.length * LINE,
  };
}

export const titleOf = (text: string, subtext: string): TitleComponentOption => ({
  text,
  subtext,
  left: "center",
  top: 0,
  itemGap: 5,
  textStyle: { fontSize: 14 },
  subtextStyle: { fontSize: 11 },
});

function linesOf(names: readonly string[], width: number): string[][] {
  const lines: string[][] = [];
  let left = 0;
  for (const name of names) {
    const needed = ICON + textWidth(name) + GAP;
    if (needed > left) {
      lines.push([]);
      left = width - 2 * GAP;
    }
    lines.at(-1)!.push(name);
    left -= needed;
  }
  return lines;
}
