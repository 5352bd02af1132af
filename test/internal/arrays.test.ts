import { expect, test } from "vitest";
import { addTo, dot, sum } from "../../src/internal/arrays.ts";

test("sum adds values, and is 0 of none", () => {
  expect([sum([1, 2, 3.5]), sum([])]).toEqual([6.5, 0]);
});

test("addTo adds entry by entry in place", () => {
  const into = Float64Array.of(1, 2, 3);
  addTo(into, [10, -20, 0.5]);
  expect([...into]).toEqual([11, -18, 3.5]);
});

test("dot is the inner product", () => {
  expect(dot([1, 2, 3], Float32Array.of(4, 5, 6))).toBe(32);
});
