export type Point = readonly [x: number, y: number];

/** The corners of a regular polygon around 0, the first one at the top. */
export const cornersOf = (count: number): Point[] =>
  Array.from({ length: count }, (_, c) => {
    const angle = (2 * Math.PI * c) / count + Math.PI / 2;
    return [Math.cos(angle), Math.sin(angle)] as const;
  });

/** Projects an output to the plane: the mean of the corners, weighted by softened probabilities. */
export function project(
  logits: ArrayLike<number>,
  temperature: number,
  corners: readonly Point[],
): Point {
  const scores = Array.from(logits);
  const max = Math.max(...scores);
  const weights = scores.map((z) => Math.exp((z - max) / temperature));
  const total = weights.reduce((a, b) => a + b);
  const along = (axis: 0 | 1) =>
    weights.reduce((sum, w, c) => sum + (w / total) * corners[c]![axis], 0);
  return [along(0), along(1)];
}
