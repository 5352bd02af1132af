/** The sum of the values, added in order. */
export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Adds values to an array in place, entry by entry. */
export function addTo(into: Float64Array, values: ArrayLike<number>): void {
  for (let i = 0; i < into.length; i++) into[i]! += values[i]!;
}

/** The inner product of two arrays, added in order. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}
