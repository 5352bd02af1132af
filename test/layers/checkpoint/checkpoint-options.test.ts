import { expect, test } from "vitest";
import { checkCheckpointOptions } from "../../../src/layers/checkpoint/checkpoint-options.ts";
import type { CheckpointStore } from "../../../src/layers/index.ts";

const read = async () => undefined;
const write = async () => {};

test("a store has functions read and write", () => {
  expect(() => checkCheckpointOptions("f", "", { store: { read, write } })).not.toThrow();
  const others: [unknown, string][] = [
    [undefined, "undefined"],
    [null, "null"],
    [{ read }, "object"],
    [{ write }, "object"],
    ["a.checkpoint", '"a.checkpoint"'],
  ];
  for (const [store, got] of others) {
    expect(() =>
      checkCheckpointOptions("f", "checkpoint.", { store: store as CheckpointStore }),
    ).toThrow(
      new Error(
        `f: checkpoint.store must have functions read and write, as that of fileCheckpoint has, got ${got}`,
      ),
    );
  }
});

test("everyEpochs is a positive integer", () => {
  expect(() => checkCheckpointOptions("f", "", { store: { read, write }, everyEpochs: 0 })).toThrow(
    new Error("f: everyEpochs must be an integer >= 1, got 0"),
  );
});
