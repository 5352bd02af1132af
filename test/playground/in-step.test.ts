import { expect, test } from "vitest";
import { inStep, type Run } from "../../playground/worker/in-step.ts";

const later = () => new Promise<void>((resolve) => setTimeout(resolve));

/** A run of some steps that records each of them. */
const run =
  (name: string, steps: number, record: string[]): Run<string> =>
  async (turn) => {
    for (let step = 1; step <= steps; step++) {
      await later();
      record.push(`${name}${step}`);
      await turn();
    }
    return name;
  };

test("makes a step of each run in a round, and goes on with the longer run", async () => {
  const record: string[] = [];
  const runs = [run("a", 3, record), run("b", 1, record)];
  const results = await inStep(runs, async () => void record.push("|"));
  expect(results).toEqual(["a", "b"]);
  expect(record.join("")).toMatch(/^(a1b1|b1a1)\|a2\|a3\|$/);
});

test("waits after a round before the next one", async () => {
  const record: string[] = [];
  await inStep([run("a", 2, record)], async () => {
    record.push("(");
    await later();
    record.push(")");
  });
  expect(record.join("")).toBe("a1()a2()");
});

test("stops all runs when one fails, and reports the failure", async () => {
  const record: string[] = [];
  let stopped: unknown;
  const other: Run<string> = (turn) =>
    run(
      "a",
      5,
      record,
    )(turn).catch((reason) => {
      stopped = reason;
      throw reason;
    });
  const failing: Run<string> = async (turn) => {
    await turn();
    throw new Error("no memory");
  };
  await expect(inStep([other, failing], async () => {})).rejects.toThrow("no memory");
  await later();
  await later();
  expect(stopped).toEqual(new Error("no memory"));
  expect(record.length).toBeLessThan(5);
});

test("stops all runs when the end of a round fails", async () => {
  const record: string[] = [];
  const fail = () => Promise.reject(new Error("lost GPU"));
  const runs = [run("a", 5, record), run("b", 5, record)];
  await expect(inStep(runs, fail)).rejects.toThrow("lost GPU");
  expect(record).toHaveLength(2);
});
