import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { range } from "../../experiments/data/order.ts";
import type { Outcome } from "../../experiments/evaluate.ts";
import type { Outcomes } from "../../experiments/outcomes.ts";
import { recipes } from "../../experiments/recipe.ts";
import { experimentPage } from "../../experiments/report/html.ts";
import { toMarkdown } from "../../experiments/report/markdown.ts";
import { writePictures } from "../../experiments/report/pictures.ts";
import type { BarChart, Section } from "../../experiments/report/section.ts";
import { type Study, studies } from "../../experiments/studies/index.ts";
import { ranking } from "../../experiments/studies/ranking.ts";

const work = mkdtempSync(join(tmpdir(), "kd-cmi-report-"));
afterAll(() => rmSync(work, { recursive: true }));

const chart = (id: string, title: string): BarChart => ({
  kind: "bars",
  id,
  title,
  y: { name: "accuracy, %" },
  categories: ["kd"],
  series: [{ name: "MCMI", values: [{ mean: 80, error: 1 }] }],
});

const sections: readonly Section[] = [
  {
    title: "Few shots & <zero>",
    text: ["A first paragraph.", "λ < 0.5, *all* of cnn_small."],
    table: {
      settings: "Settings: λ < 1. T = 2.",
      head: ["method", "I(X;Ŷ|Y)", "MCMI − control"],
      rows: [["kd|std", "0.1", "+3.1 [+1.2, +5.0]"]],
    },
    charts: [chart("students", 'Students of "MCMI"')],
  },
  { title: "Nothing else", text: [], charts: [] },
];

describe("experimentPage", () => {
  const concluding = [{ ...sections[0]!, conclusion: "Yes: a > b." }, ...sections.slice(1)];
  const html = experimentPage("kd-cmi: few & far", ["What is shown."], concluding);

  test("is self-contained", () => {
    expect(html).not.toMatch(/https?:|\burl\(|@import|<script|<link/);
    const sources = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1]!);
    expect(sources).toHaveLength(1);
    const [type, svg] = sources[0]!.split(";base64,");
    expect(type).toBe("data:image/svg+xml");
    const picture = Buffer.from(svg!, "base64").toString();
    expect(picture).toMatch(/^<svg[\s\S]*<\/svg>$/);
    const urls = picture.match(/https?:[^"]*/g)!;
    expect(urls.filter((url) => !url.startsWith("http://www.w3.org/"))).toEqual([]);
  });

  test("shows all parts in their order, with escaped text", () => {
    const parts = [
      "<title>kd-cmi: few &amp; far</title>",
      "<h1>kd-cmi: few &amp; far</h1>",
      "<p><strong>Yes: a > b.</strong></p>",
      "<p>What is shown.</p>",
      "<h2>Few shots &amp; &lt;zero></h2>",
      "<p>A first paragraph.</p>",
      "<p>λ &lt; 0.5, *all* of cnn_small.</p>",
      "<p>Settings: λ &lt; 1. T = 2.</p>",
      "<tr><th>method</th><th>I(X;Ŷ|Y)</th><th>MCMI − control</th></tr>",
      "<tr><td>kd|std</td><td>0.1</td><td>+3.1 [+1.2, +5.0]</td></tr>",
      '<img alt="Students of &quot;MCMI&quot;"',
      "<h2>Nothing else</h2>",
    ];
    const places = parts.map((part) => html.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test("is the same each time", () => {
    expect(experimentPage("kd-cmi: few & far", ["What is shown."], concluding)).toBe(html);
  });
});

describe("toMarkdown", () => {
  test("writes headings, paragraphs, tables and the given pictures", () => {
    const pictures = new Map([[sections[0]!.charts[0]!, "images/a.svg"]]);
    expect(toMarkdown(sections, 3, pictures)).toBe(`### Few shots & \\<zero>

A first paragraph.

λ \\< 0.5, \\*all\\* of cnn\\_small.

Settings: λ \\< 1. T = 2.

| method | I(X;Ŷ\\|Y) | MCMI − control |
| :-- | --: | --: |
| kd\\|std | 0.1 | +3.1 [+1.2, +5.0] |

![Students of "MCMI"](images/a.svg)

### Nothing else
`);
    expect(toMarkdown(sections, 3)).not.toContain("![");
  });

  test.each([
    ["# no heading", "\\# no heading"],
    ["- no item", "\\- no item"],
    ["12. no item", "12\\. no item"],
    [">5 no quotation", "\\>5 no quotation"],
    ["no [link](x) or `code`", "no [link\\](x) or \\`code\\`"],
    ["one\nline", "one line"],
    ["+3.1 points, -0.5", "+3.1 points, -0.5"],
  ])("escapes %j as plain text", (text, expected) => {
    expect(toMarkdown([{ title: "t", text: [text], charts: [] }], 1)).toBe(`# t\n\n${expected}\n`);
  });

  test("escapes brackets in the titles of pictures", () => {
    const odd = chart("odd", "0–1 [nats]");
    const section = { title: "t", text: [], charts: [odd] };
    expect(toMarkdown([section], 1, new Map([[odd, "a.svg"]]))).toContain(
      "![0–1 \\[nats\\]](a.svg)",
    );
  });
});

describe("writePictures", () => {
  const write = (charts: BarChart[]) =>
    writePictures(
      [...sections, { title: "λ", text: [], charts }],
      join(work, "text.md"),
      "images/some",
    );

  test("writes each chart to a file with its id, to which the link leads", async () => {
    const charts = [chart("small-lambda", "λ = 0.1"), chart("large-lambda", "λ = 1")];
    const pictures = await write(charts);
    expect([...pictures.values()]).toEqual([
      "images/some/students.svg",
      "images/some/small-lambda.svg",
      "images/some/large-lambda.svg",
    ]);
    const read = () => [...pictures.values()].map((link) => readFileSync(join(work, link), "utf8"));
    const first = read();
    expect(first[1]).toContain("λ = 0.1");
    expect(first[2]).toContain("λ = 1");
    expect(readdirSync(join(work, "images/some"))).toHaveLength(3);

    expect(await write(charts)).toEqual(pictures);
    expect(read()).toEqual(first);
  });

  test("rejects charts with the same id", async () => {
    const charts = [chart("lambda", "λ = 0.1"), chart("lambda", "λ = 1")];
    await expect(write(charts)).rejects.toThrow(
      "writePictures: ids of charts must be unique in images/some, got lambda twice",
    );
  });
});

test.each(Object.entries(studies))(
  "%s: ids of charts are unique and short, and tables and effects have settings",
  (_, study) => {
    const confusion = range(10).map(() => range(10));
    const accuracy = { validation: 0.5, test: 0.5 };
    const perClass = { validation: range(10), test: range(10) };
    const outcome: Outcome = {
      teacher: { accuracy, crossEntropy: accuracy, cmi: 1, normalizedCmi: 1 },
      student: { accuracy, perClass, confusion },
      softCmi: 1,
      maps: { cmi: 1, coverage: 1, divergence: 1 },
    };
    const outcomes: Outcomes = {
      seeds: [1, 2],
      values: (_plan, of) => [of(outcome), of(outcome)],
      all: () => [outcome, outcome],
    };
    const classNames = range(10).map(String);
    for (const recipe of Object.values(recipes)) {
      const compared = (study as Study).effects?.(outcomes, recipe) ?? [];
      for (const { what, gain, plans, scale } of compared) {
        expect(gain).toEqual({ mean: 0, error: 0, interval: [0, 0] });
        expect(plans.length).toBeGreaterThan(1);
        if (scale === "student" || scale === "removed") expect(what).toMatch(/, [\d,]+ steps$/);
      }
      for (const { title, table } of study.sections(outcomes, recipe, classNames)) {
        if (table) expect(table.settings, title).toMatch(/^Settings: .*Teachers: .* steps/);
      }
    }
    const ids = Object.values(recipes)
      .map((recipe) => study.sections(outcomes, recipe, classNames))
      .map((sections) => sections.flatMap(({ charts }) => charts.map(({ id }) => id)));
    for (const unique of ids) {
      expect(new Set(unique).size).toBe(unique.length);
      for (const id of unique) expect(id).toMatch(/^[a-z0-9-]{1,25}$/);
    }
  },
);

test("ranking names the two best ways, whatever their order", () => {
  const ways = [
    { name: "a", mean: 1 },
    { name: "b", mean: 3 },
    { name: "c", mean: 2.04 },
  ];
  expect(ranking("accuracy, %", ways, 1)).toBe("accuracy, %: highest by b (3.0), then by c (2.0).");
  expect(ranking("accuracy, %", ways.slice(0, 1), 0)).toBe("accuracy, %: highest by a (1).");
});
