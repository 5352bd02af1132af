import { describe, expect, test } from "vitest";
import { drawBars } from "../../experiments/charts/bars.ts";
import type {
  BarChart,
  ConfusionChart,
  ForestChart,
  LineChart,
} from "../../experiments/charts/chart.ts";
import { drawConfusions } from "../../experiments/charts/confusions.ts";
import { drawChart } from "../../experiments/charts/draw.ts";
import { drawForest } from "../../experiments/charts/forest.ts";
import { drawLinePanels, drawLines } from "../../experiments/charts/lines.ts";
import type { Estimate, Interval } from "../../experiments/common/statistics.ts";

const GREY = "#8a8f98";
const ORANGE = "#d9480f";
const estimate = (mean: number, error?: number): Estimate => ({ mean, error });

const gain = (mean: number, low?: number, high?: number): Interval => ({
  mean,
  error: undefined,
  interval: low === undefined ? undefined : [low, high!],
});

const bars: BarChart = {
  kind: "bars",
  id: "students",
  title: "Students",
  y: { name: "accuracy, %" },
  categories: ["one", "two"],
  series: [
    { name: "CE", values: [estimate(50, 10), estimate(100)] },
    { name: "MCMI", values: [estimate(80, 5), estimate(-20, 4)] },
  ],
};

const lines: LineChart = {
  kind: "lines",
  id: "temperatures",
  title: "Temperatures",
  x: { name: "T", log: true },
  y: { name: "CMI, nats", log: true },
  series: [
    {
      name: "MCMI",
      points: [
        { x: 1, estimate: estimate(1e-6, 5e-7) },
        { x: 4, estimate: estimate(1e-3) },
        { x: 30, estimate: estimate(1, 2) },
        { x: 40, estimate: estimate(-5, 1) },
      ],
    },
  ],
};

const confusions: ConfusionChart = {
  kind: "confusions",
  id: "confusions",
  title: "Students that never saw 1",
  classNames: ["cat", "dog"],
  matrices: [
    {
      name: "control",
      counts: [
        [1, 7],
        [0, 5],
      ],
    },
  ],
};

/** All texts of a chart, in their order. */
const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((m) => m[1]!);

/** x, y, width and height of each bar of a colour. The height of a positive bar is negative. */
const barsOf = (svg: string, color: string) =>
  [...svg.matchAll(/<path d="M(\S+) (\S+)l(\S+) 0l0 (\S+)l\S+ 0Z" fill="(#\w+)"/g)]
    .filter((match) => match[5] === color)
    .map((match) => match.slice(1, 5).map(Number) as [number, number, number, number]);

/** The ends of each vertical line of a colour. */
const verticalsOf = (svg: string, color: string) =>
  [...svg.matchAll(/<path d="M(\S+) (\S+)L(\S+) (\S+)" [^>]*stroke="(#\w+)" stroke-width="1.5"/g)]
    .filter((match) => match[5] === color && match[1] === match[3])
    .map((match) => ({ x: Number(match[1]), ends: [Number(match[2]), Number(match[4])] }));

/** The centres of the points of a colour. */
const pointsOf = (svg: string, color: string) =>
  [...svg.matchAll(/transform="matrix\(2,0,0,2,([^,]+),([^)]+)\)" fill="#fff" stroke="(#\w+)"/g)]
    .filter((match) => match[3] === color)
    .map((match) => ({ x: Number(match[1]), y: Number(match[2]) }));

describe("drawBars", () => {
  const svg = drawBars(bars);

  test("centres whiskers on their bars, one error above and below the bar's end", () => {
    const [fifty, hundred] = barsOf(svg, GREY);
    const [eighty, below] = barsOf(svg, ORANGE);
    const pixels = -hundred![3] / 100; // of 1 %
    expect(pixels).toBeGreaterThan(1);
    const whiskers = verticalsOf(svg, "#111");
    expect(whiskers).toHaveLength(3); // the bar without an error has none
    for (const [i, [bar, error]] of (
      [
        [fifty!, 10],
        [eighty!, 5],
        [below!, 4],
      ] as const
    ).entries()) {
      const [x, y, width, height] = bar;
      expect(whiskers[i]!.x).toBeCloseTo(x + width / 2, 0);
      expect(whiskers[i]!.ends[0]).toBeCloseTo(y + height + error * pixels, 0);
      expect(whiskers[i]!.ends[1]).toBeCloseTo(y + height - error * pixels, 0);
    }
    expect(textsOf(svg)).toContain("lines: ± one standard error");
  });

  test("omits the note on errors if there are none", () => {
    const series = [{ name: "CE", values: [estimate(1), estimate(2)] }];
    const single = drawBars({ ...bars, series });
    expect(verticalsOf(single, "#111")).toEqual([]);
    expect(textsOf(single)).not.toContain("lines: ± one standard error");
  });

  test("labels bars that are wide enough with their values", () => {
    expect(textsOf(svg)).toContain("-20");
    const categories = Array.from({ length: 18 }, (_, i) => `distillation method ${i}`);
    const series = ["CE", "control", "MCMI"].map((name) => ({
      name,
      values: categories.map((_, i) => estimate(61.23 + i, 1)),
    }));
    const crowded = drawBars({ ...bars, categories, series });
    expect(textsOf(crowded)).toEqual(expect.arrayContaining(categories));
    expect(textsOf(crowded)).not.toContain("61.2");
    expect(crowded.match(/matrix\(0\.707,-0\.707,/g)).toHaveLength(18);
    expect(svg).not.toMatch(/matrix\(0\.707/);
    expect(verticalsOf(crowded, "#111")).toHaveLength(54);
  });
});

describe("drawForest", () => {
  const forest: ForestChart = {
    kind: "forest",
    id: "gains",
    title: "MCMI − control",
    groups: [
      {
        name: "accuracy, points",
        within: 10,
        rows: [
          { label: "kd", series: "CE", gain: gain(2, 1, 3), digits: 1 },
          { label: "crd", series: "MCMI", gain: gain(-1, -4, 2), digits: 1 },
          { label: "fsp", series: "CE", gain: gain(20, 5, 35), digits: 1 },
        ],
      },
      {
        name: "coverage, points",
        rows: [{ label: "maps", series: "MCMI", gain: gain(0.5), digits: 2 }],
      },
    ],
  };
  const svg = drawForest(forest);
  /** The ends of the horizontal lines of a colour. */
  const horizontals = (color: string) =>
    [...svg.matchAll(/<path d="M(\S+) (\S+)L(\S+) (\S+)" [^>]*stroke="(#\w+)" stroke-width="1.5"/g)]
      .filter((match) => match[5] === color && match[2] === match[4])
      .map((match) => ({
        y: Number(match[2]),
        ends: [Number(match[1]), Number(match[3])] as const,
      }));

  test("has a row for each interval, with its label and its numbers", () => {
    const texts = textsOf(svg);
    expect(texts).toEqual(expect.arrayContaining(["kd", "crd", "fsp", "maps"]));
    expect(texts).toEqual(
      expect.arrayContaining(["+2.0 [+1.0, +3.0]", "-1.0 [-4.0, +2.0]", "+20.0 [+5.0, +35.0]"]),
    );
    expect(texts).toEqual(
      expect.arrayContaining(["+0.50", "accuracy, points", "coverage, points"]),
    );
    expect(texts).toContain("dots: means of paired differences, lines: 95 % CI");
  });

  test("draws lines from end to end in one scale, with 0 between the ends", () => {
    const [kd, fsp] = horizontals(GREY);
    const [crd] = horizontals(ORANGE);
    const point = (kd!.ends[1] - kd!.ends[0]) / 2;
    expect(point).toBeGreaterThan(10);
    const at = (x: number) => kd!.ends[0] + (x - 1) * point;
    expect(crd!.ends[0]).toBeCloseTo(at(-4), 0);
    expect(crd!.ends[1]).toBeCloseTo(at(2), 0);
    expect(fsp!.ends[0]).toBeCloseTo(at(5), 0);
    expect([crd!.y - kd!.y, fsp!.y - crd!.y]).toEqual([20, 20]);
  });

  test("cuts what lies beyond the axis, with an arrow instead of an end, and without a dot", () => {
    const [kd, fsp] = horizontals(GREY);
    const point = (kd!.ends[1] - kd!.ends[0]) / 2;
    expect(fsp!.ends[1]).toBeCloseTo(kd!.ends[0] + 9 * point, 0);
    expect(svg.match(/<polygon [^>]*fill="#8a8f98"/g)).toHaveLength(1);
    const dots = (color: string) => [
      ...svg.matchAll(new RegExp(`<circle[^>]*r="3.5"[^>]*fill="${color}"`, "g")),
    ];
    expect([dots(GREY).length, dots(ORANGE).length]).toEqual([1, 2]);
  });
});

describe("drawLines", () => {
  const svg = drawLines(lines);

  test("ends whiskers one error from the mean, or at the axis of a logarithmic chart", () => {
    const points = pointsOf(svg, ORANGE);
    expect(points).toHaveLength(3); // −5 is not on the axis
    const decade = (points[0]!.y - points[1]!.y) / 3;
    expect(points[1]!.y - points[2]!.y).toBeCloseTo(3 * decade, 1);
    const [first, last, ...others] = verticalsOf(svg, ORANGE);
    expect(others).toEqual([]);
    expect(first!.x).toBeCloseTo(points[0]!.x, 0);
    expect(first!.ends[0]).toBeCloseTo(points[0]!.y - decade * Math.log10(0.5), 0);
    expect(first!.ends[1]).toBeCloseTo(points[0]!.y - decade * Math.log10(1.5), 0);
    const axis = Math.max(...[...svg.matchAll(/M72 (\S+)L864 /g)].map((match) => Number(match[1])));
    expect(last!.ends[0]).toBeCloseTo(axis - 0.5, 5);
    expect(last!.ends[1]).toBeCloseTo(points[2]!.y - decade * Math.log10(3), 0);
    expect(svg).not.toContain("NaN");
  });

  test("labels logarithmic axes with plain numbers, and x with its own values", () => {
    const texts = textsOf(svg);
    expect(texts).toEqual(expect.arrayContaining(["1", "4", "30", "40", "0.000001", "0.001"]));
    expect(texts.filter((text) => /\de[+-]?\d|999|00000000/.test(text))).toEqual([]);
  });

  test("wraps the legend of many lines within the chart", () => {
    const names = Array.from({ length: 18 }, (_, i) => `a method with a rather long name ${i}`);
    const many = drawLines({
      ...lines,
      series: names.map((name) => ({ name, points: lines.series[0]!.points })),
    });
    const places = [
      ...many.matchAll(/<text[^>]* transform="translate\((\S+) (\S+)\)"[^>]*>a method/g),
    ].map((match) => ({ x: Number(match[1]), y: Number(match[2]) }));
    expect(places).toHaveLength(18);
    const rows = [...new Set(places.map(({ y }) => y))];
    expect(rows.length).toBeGreaterThan(4);
    for (const y of rows) {
      const row = places.filter((place) => place.y === y).map(({ x }) => x);
      for (const [i, x] of row.entries()) {
        expect((row[i + 1] ?? 900) - x).toBeGreaterThan(240); // icon and name
      }
    }
    const top = Number(many.match(/M\d+ (\S+)L864 /)![1]);
    expect(Math.min(...pointsOf(many, "#4e79a7").map(({ y }) => y))).toBeGreaterThan(
      Math.max(...rows) + 20,
    );
    expect(top).toBeGreaterThan(Math.max(...rows) + 20);
    expect(many).toMatch(/stroke="#4e79a7"[^>]*stroke-dasharray/); // the eleventh
  });

  test("draws panels side by side under one legend", () => {
    const panels = drawLinePanels("Both", [lines, { ...lines, y: { name: "accuracy, %" } }]);
    expect(textsOf(panels).filter((text) => text === "MCMI")).toHaveLength(1);
    const places = pointsOf(panels, ORANGE).map(({ x }) => x);
    expect(places.filter((x) => x < 450)).toHaveLength(3);
    expect(places.filter((x) => x > 450)).toHaveLength(4);
  });
});

describe("drawConfusions", () => {
  test("labels cells with the percentage of their row", () => {
    const texts = textsOf(drawConfusions(confusions));
    expect(texts.filter((text) => /^\d+$/.test(text))).toEqual(["13", "88", "100"]);
    expect(texts).toEqual(expect.arrayContaining(["control", "cat", "dog"]));
  });

  test("with a hundred classes labels no cells and only some classes", () => {
    const classNames = Array.from({ length: 100 }, (_, i) => `class ${i}`);
    const counts = classNames.map((_, row) => classNames.map((_, column) => +(row === column)));
    const svg = drawConfusions({ ...confusions, classNames, matrices: [{ name: "CE", counts }] });
    const texts = textsOf(svg);
    expect(texts.filter((text) => /^\d+$/.test(text))).toEqual([]);
    const labels = texts.filter((text) => text.startsWith("class "));
    expect(labels.length).toBeGreaterThan(10);
    expect(labels.length).toBeLessThan(150); // of 200
    expect(svg.match(/fill="rgb\(8,48,107\)"|fill="#08306b"/g)).toHaveLength(100);
  });
});

test("the same chart gives the same bytes, independently of earlier charts", () => {
  const all = [bars, lines, confusions];
  const first = all.map(drawChart);
  expect([...all].reverse().map(drawChart).reverse()).toEqual(first);
});
