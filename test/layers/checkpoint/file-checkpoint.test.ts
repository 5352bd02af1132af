import { expect, inject, test } from "vitest";
import { fileCheckpoint, fileModel, indexedDbCheckpoint } from "../../../src/layers/index.ts";

if (inject("backend").host === "chromium") {
  test("IndexedDB keeps the last checkpoint of each name", async () => {
    const [a, b] = [indexedDbCheckpoint("a"), indexedDbCheckpoint("b")];
    expect(await a.read()).toBeUndefined();
    await a.write(Uint8Array.of(1));
    await Promise.all([a.write(Uint8Array.of(2, 3)), b.write(Uint8Array.of(4))]);
    expect(await indexedDbCheckpoint("a").read()).toEqual(Uint8Array.of(2, 3));
    expect(await b.read()).toEqual(Uint8Array.of(4));
  });

  test("a browser has no files", () => {
    expect(() => fileCheckpoint("a")).toThrow(
      "fileCheckpoint: must run in Node, got a browser: use indexedDbCheckpoint",
    );
    expect(() => fileModel("a")).toThrow(
      "fileModel: must run in Node, got a browser: use indexeddb://",
    );
  });
} else {
  test("Node has no IndexedDB", () => {
    expect(() => indexedDbCheckpoint("a")).toThrow(
      "indexedDbCheckpoint: needs IndexedDB, got none: use fileCheckpoint in Node",
    );
  });
}
