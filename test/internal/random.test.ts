import { expect, test, vi } from "vitest";
import { randomSource } from "../../src/internal/random.ts";

/** sfc32 in arbitrary precision, as PractRand's RNG_output/sfc.cpp writes it. */
function sfc32(low: bigint, high: bigint): () => number {
  const bits = (x: bigint) => BigInt.asUintN(32, x);
  let [a, b, c, counter] = [0n, bits(low), bits(high), 1n];
  const next = () => {
    const sum = bits(a + b + counter);
    counter = bits(counter + 1n);
    a = b ^ (b >> 9n);
    b = bits(c + (c << 3n));
    c = bits(((c << 21n) | (c >> 11n)) + sum);
    return Number(sum);
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

test.each([0, 1, 42, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1])(
  "the numbers of seed %i are those of sfc32",
  (seed) => {
    const [own, reference] = [randomSource(seed), sfc32(BigInt(seed), BigInt(seed) >> 32n)];
    for (let i = 0; i < 100; i++) expect(own() * 2 ** 32).toBe(reference());
  },
);

test("the high bits may be given", () => {
  const [own, reference] = [randomSource(7, 9), sfc32(7n, 9n)];
  expect(Array.from({ length: 5 }, () => own() * 2 ** 32)).toEqual(
    Array.from({ length: 5 }, reference),
  );
});

test("the default seed has 53 random bits", () => {
  const random = vi.spyOn(Math, "random").mockReturnValue(1 - 2 ** -53);
  const own = randomSource();
  random.mockRestore();
  expect(own()).toBe(randomSource(2 ** 53 - 1)());
  expect(randomSource()()).not.toBe(randomSource()());
});
