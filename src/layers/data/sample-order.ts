import { randomSource } from "../../internal/random.ts";

/** A permutation of 0…n−1 that depends only on seed and epoch, so that training can be resumed. */
export function shuffled(n: number, seed: number, epoch: number): Int32Array {
  // Exact in 64 bits, so that any two epochs of a seed have different states.
  const mixed = BigInt(seed) * 65_537n + BigInt(epoch);
  const [low, high] = [mixed, mixed >> 32n].map((word) => Number(BigInt.asUintN(32, word)));
  const random = randomSource(low, high);
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
