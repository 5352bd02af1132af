import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { experimentPage } from "../../experiments/report/html.ts";
import { toMarkdown } from "../../experiments/report/markdown.ts";
import { slugOf, writePictures } from "../../experiments/report/pictures.ts";
import type { BarChart, Section } from "../../experiments/report/section.ts";

const work = mkdtempSync(join(tmpdir(), "kd-cmi-report-"));
afterAll(() => rmSync(work, { recursive: true }));

const chart = (title: string): BarChart => ({
  kind: "bars",
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
      head: ["method", "I(X;Ŷ|Y)", "MCMI − control"],
      rows: [["kd|std", "0.1", "+3.1 [+1.2, +5.0]"]],
    },
    charts: [chart('Students of "MCMI"')],
  },
  { title: "Nothing else", text: [], charts: [] },
];

describe("experimentPage", () => {
  const html = experimentPage("kd-cmi: few & far", ["What is shown."], sections);

  test("holds everything in itself", () => {
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

  test("shows each part as it is written, in its order", () => {
    const parts = [
      "<title>kd-cmi: few &amp; far</title>",
      "<h1>kd-cmi: few &amp; far</h1>",
      "<p>What is shown.</p>",
      "<h2>Few shots &amp; &lt;zero></h2>",
      "<p>A first paragraph.</p>",
      "<p>λ &lt; 0.5, *all* of cnn_small.</p>",
      "<tr><th>method</th><th>I(X;Ŷ|Y)</th><th>MCMI − control</th></tr>",
      "<tr><td>kd|std</td><td>0.1</td><td>+3.1 [+1.2, +5.0]</td></tr>",
      '<img alt="Students of &quot;MCMI&quot;"',
      "<h2>Nothing else</h2>",
    ];
    const places = parts.map((part) => html.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test("is the same twice", () => {
    expect(experimentPage("kd-cmi: few & far", ["What is shown."], sections)).toBe(html);
  });
});

describe("toMarkdown", () => {
  test("writes headings, paragraphs, tables and the pictures that there are", () => {
    const pictures = new Map([[sections[0]!.charts[0]!, "images/a.svg"]]);
    expect(toMarkdown(sections, 3, pictures)).toBe(`### Few shots & \\<zero>

A first paragraph.

λ \\< 0.5, \\*all\\* of cnn\\_small.

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
  ])("takes %j for plain text", (text, expected) => {
    expect(toMarkdown([{ title: "t", text: [text], charts: [] }], 1)).toBe(`# t\n\n${expected}\n`);
  });

  test("keeps brackets in the names of pictures", () => {
    const odd = chart("0–1 [nats]");
    const section = { title: "t", text: [], charts: [odd] };
    expect(toMarkdown([section], 1, new Map([[odd, "a.svg"]]))).toContain(
      "![0–1 \\[nats\\]](a.svg)",
    );
  });
});

describe("writePictures", () => {
  test("gives each chart a file of its own that the link leads to", () => {
    const twins: Section = {
      title: "Übung",
      text: [],
      charts: [chart("λ = 0.1"), chart("μ = 0.1")],
    };
    const all = [...sections, twins];
    const pictures = writePictures(all, join(work, "text.md"), "images/some");
    expect([...pictures.values()]).toEqual([
      "images/some/few-shots-zero-students-of-mcmi.svg",
      "images/some/ubung-0-1.svg",
      "images/some/ubung-0-1-2.svg",
    ]);
    const read = () => [...pictures.values()].map((link) => readFileSync(join(work, link), "utf8"));
    const first = read();
    expect(first[1]).toContain("λ = 0.1");
    expect(first[2]).toContain("μ = 0.1");
    expect(readdirSync(join(work, "images/some"))).toHaveLength(3);

    expect(writePictures(all, join(work, "text.md"), "images/some")).toEqual(pictures);
    expect(read()).toEqual(first);
  });

  test("names files by what any file system takes", () => {
    expect(slugOf("  I(X;Ŷ|Y) — 5 % / Café ")).toBe("i-x-y-y-5-cafe");
  });
});
