import { shuffler } from "d3-array";
import seedrandom from "seedrandom";

/** 0, 1, …, n−1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** A shuffled copy, the same for the same name. */
export const shuffled = (places: readonly number[], name: string): number[] =>
  shuffler(seedrandom.alea(name))([...places]);

/** The same places in the same order, in runs of at most `size`. */
export function batches(places: readonly number[], size: number): number[][] {
  const count = Math.ceil(places.length / size);
  return Array.from({ length: count }, (_, i) => places.slice(i * size, (i + 1) * size));
}
