import { expect, test } from "vitest";
import { shuffled } from "../../../src/layers/data/sample-order.ts";

test.each([0, 1, 1_700_000_000_123, 2 ** 45, Number.MAX_SAFE_INTEGER])(
  "seed %d gives 40 permutations in 40 epochs",
  (seed) => {
    const orders = Array.from({ length: 40 }, (_, epoch) => [...shuffled(50, seed, epoch)]);
    expect(new Set(orders.map(String)).size).toBe(40);
    const all = Array.from({ length: 50 }, (_, i) => i);
    for (const order of orders) expect(order.sort((a, b) => a - b)).toEqual(all);
  },
);

test("neighbouring large seeds give different orders", () => {
  const orders = [0, 1, 2].map((i) => String(shuffled(50, 2 ** 52 + i, 3)));
  expect(new Set(orders).size).toBe(3);
});

test("the order of a small seed is that of version 0.1.0", () => {
  expect([...shuffled(8, 5, 2)]).toEqual([6, 4, 5, 2, 7, 0, 1, 3]);
});
