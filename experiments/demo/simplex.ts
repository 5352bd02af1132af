import { TEN_COLORS } from "../charts/colors.ts";
import { cornersOf, type Point, project } from "../charts/simplex.ts";
import { range } from "../data/order.ts";

/** Logits of a teacher, row by row, with a caption. */
export interface Panel {
  caption: string;
  logits: readonly number[];
}

const SIDE = 360;
const RADIUS = 138;
const TOP = 34;
const DOT = 4;

/**
 * A small SVG picture of class clusters, a panel for each teacher: the simplex projected to a polygon,
 * and a dot for each output in the colour of its true class.
 */
export function drawSimplices(
  panels: readonly Panel[],
  labels: readonly number[],
  classNames: readonly string[],
): string {
  const [width, height] = [SIDE * panels.length, SIDE - 20 + TOP];
  const title = panels.map(({ caption }) => caption).join("; ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui,sans-serif" font-size="13" text-anchor="middle">`,
    `<title>${title}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#fff"/>`,
    ...panels.map((panel, i) => {
      const body = drawPanel(panel, labels, classNames);
      return `<g transform="translate(${i * SIDE + SIDE / 2} ${TOP + SIDE / 2 - 10})">\n${body}\n</g>`;
    }),
    "</svg>\n",
  ].join("\n");
}

function drawPanel(
  { caption, logits }: Panel,
  labels: readonly number[],
  names: readonly string[],
) {
  const count = names.length;
  const corners = cornersOf(count);
  const place = ([x, y]: Point, scale: number) =>
    `${Math.round(scale * x)} ${Math.round(-scale * y)}`;
  const dots = (label: number) => {
    const all = labels.flatMap((y, i) => {
      const row = logits.slice(i * count, (i + 1) * count);
      return y === label ? [`M${place(project(row, 1, corners), RADIUS)}h0`] : [];
    });
    return [...new Set(all)];
  };
  return [
    `<text y="${-SIDE / 2 + 2}" font-weight="600" fill="#222">${caption}</text>`,
    `<path d="M${corners.map((corner) => place(corner, RADIUS)).join("L")}Z" fill="none" stroke="#ccc"/>`,
    ...range(count).map(
      (label) =>
        `<path d="${dots(label).join("")}" stroke="${TEN_COLORS[label]}" stroke-width="${DOT}" stroke-linecap="round" opacity=".75"/>`,
    ),
    ...corners.map((corner, c) => {
      const [x, y] = place(corner, 1.13 * RADIUS).split(" ");
      return `<text x="${x}" y="${Number(y) + 4}" fill="#555">${names[c]}</text>`;
    }),
  ].join("\n");
}
