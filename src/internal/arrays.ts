/** Numbers that are all 0. */
export const zeros = (length: number): number[] => new Array<number>(length).fill(0);

/** The sum of numbers, in their order. */
export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Adds numbers to others in place, entry by entry. */
export function addTo(into: number[], values: readonly number[]): void {
  values.forEach((value, i) => {
    into[i] = into[i]! + value;
  });
}
