import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { blocksOf, handwrittenPages } from "./support.ts";

const CLASSES = 5;

/** Samples of random classes, with logits from nearly uniform to nearly one-hot ones. */
const samples = Array.from({ length: 200 }, (_, i) => ({
  label: (7 * i) % CLASSES,
  logits: Array.from({ length: CLASSES }, (_, c) => (10 * Math.sin(i * (c + 1))) / (1 + (i % 4))),
}));
samples.push({ label: 2, logits: [0, -1e6, 800, 0, 0] }); // zero probabilities

const softmax = (logits: readonly number[]) => {
  const weights = logits.map((z) => Math.exp(z - Math.max(...logits)));
  const total = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / total);
};

/** The definition: the mean divergence from the centroid of the class. */
function expectedCmi(): number {
  const p = samples.map(({ logits }) => softmax(logits));
  const centroid = (label: number, c: number) => {
    const own = p.filter((_, i) => samples[i]!.label === label);
    return own.reduce((sum, row) => sum + row[c]!, 0) / own.length;
  };
  const divergences = samples.map(({ label }, i) =>
    p[i]!.reduce((sum, x, c) => sum + (x > 0 ? x * Math.log(x / centroid(label, c)) : 0), 0),
  );
  return divergences.reduce((a, b) => a + b) / samples.length;
}

test("the query of the guide computes the CMI on DuckDB", async () => {
  const page = handwrittenPages().get("guide/large-data")!;
  const [query, ...others] = blocksOf(page).filter(({ language }) => language === "sql");
  expect(others).toEqual([]);

  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("CREATE TABLE outputs (label INTEGER, logits DOUBLE[])");
  const rows = samples.map(({ label, logits }) => `(${label}, [${logits.join(", ")}])`);
  await connection.run(`INSERT INTO outputs VALUES ${rows.join(", ")}`);
  const result = await connection.runAndReadAll(query!.code);
  const [[cmi]] = result.getRows() as [[number]];
  expect(cmi).toBeGreaterThan(0.01);
  expect(Math.abs(cmi - expectedCmi())).toBeLessThan(1e-10);
});
