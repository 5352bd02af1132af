import type { CustomSeriesOption } from "echarts";
import type { Estimate } from "../common/statistics.ts";

type RenderItem = NonNullable<CustomSeriesOption["renderItem"]>;
type Api = Parameters<RenderItem>[1];

export const hasErrors = (estimates: readonly Estimate[]) =>
  estimates.some(({ error }) => error !== undefined);

/**
 * Vertical lines from mean − error to mean + error.
 *
 * @param places The x of each estimate.
 * @param shift Pixels between x and the line.
 */
export const whiskersOf = (
  estimates: readonly Estimate[],
  places: readonly number[],
  color: string,
  shift: (api: Api) => number,
) => ({
  type: "custom" as const,
  data: estimates.flatMap(({ mean, error }, i) =>
    error === undefined ? [] : [[places[i]!, mean - error, mean + error]],
  ),
  encode: { x: 0, y: [1, 2] },
  z: 10,
  renderItem: drawWhisker(color, shift),
});

function drawWhisker(color: string, shift: (api: Api) => number): RenderItem {
  return ({ coordSys }, api) => {
    const { y, height } = coordSys as unknown as { y: number; height: number };
    const [place, top] = api.coord([api.value(0), api.value(2)]) as [number, number];
    const [, low] = api.coord([api.value(0), api.value(1)]) as [number, number];
    if (!Number.isFinite(top)) return { type: "group", children: [] };
    const isOpen = !Number.isFinite(low); // at most 0 on a logarithmic axis
    const bottom = isOpen ? y + height : low;
    const x = place + shift(api);
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: "line" as const,
      shape: { x1, y1, x2, y2 },
      style: { stroke: color, lineWidth: 1.5 },
    });
    const cap = (at: number) => line(x - 4, at, x + 4, at);
    return {
      type: "group",
      children: [line(x, bottom, x, top), cap(top), ...(isOpen ? [] : [cap(bottom)])],
    };
  };
}
