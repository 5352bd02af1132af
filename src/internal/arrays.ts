/** An array of zeros. */
export const zeros = (length: number): number[] => new Array<number>(length).fill(0);

/** The sum of the values, added in order. */
export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Adds an amount to one entry of an array in place. */
export function increase(into: number[], index: number, amount: number): void {
  into[index]! += amount;
}

/** Adds values to an array in place, entry by entry. */
export function addTo(into: number[], values: readonly number[]): void {
  values.forEach((value, i) => {
    increase(into, i, value);
  });
}

/** The differences of two arrays, entry by entry. */
export const subtract = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((x, i) => x - b[i]!);

/** The inner product of two arrays, added in order. */
export const dot = (a: readonly number[], b: readonly number[]): number =>
  sum(a.map((x, i) => x * b[i]!));
