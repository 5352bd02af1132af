/** A way to a student, and the mean of its outcome. */
export interface Ranked {
  name: string;
  mean: number;
}

/** The two best ways, in words: `student, %: highest by MCMI (91.2), then by control (90.1).` */
export function ranking(title: string, ways: readonly Ranked[], digits: number): string {
  const [first, second] = [...ways]
    .sort((a, b) => b.mean - a.mean)
    .map(({ name, mean }) => `${name} (${mean.toFixed(digits)})`);
  return `${title}: highest by ${first}${second === undefined ? "" : `, then by ${second}`}.`;
}
