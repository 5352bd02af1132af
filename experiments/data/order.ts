import { shuffler } from "d3-array";
import seedrandom from "seedrandom";

/** 0, 1, …, n−1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** A shuffled copy. The same name gives the same order. */
export const shuffled = (places: readonly number[], name: string): number[] =>
  shuffler(seedrandom.alea(name))([...places]);

/** Cuts places into batches of at most `size`, in their order. */
export function batches(places: readonly number[], size: number): number[][] {
  const count = Math.ceil(places.length / size);
  return Array.from({ length: count }, (_, i) => places.slice(i * size, (i + 1) * size));
}
