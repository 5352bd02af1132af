/** Opacities of a square drawing, side · side values within 0–255, row by row. */
export interface Ink {
  values: ArrayLike<number>;
  side: number;
}

/** The part of a drawing that is copied to an image of 28 · 28 pixels. */
export interface Frame {
  left: number;
  top: number;
  /** Width and height of the part. */
  side: number;
}

/** Opacities below this are no ink. */
const FAINT = 32;

/** MNIST scales a digit to 20 of 28 pixels and centres its mass. */
const SHARE = 20 / 28;

/** The square of a drawing that becomes the image; undefined if the drawing is empty. */
export function frameOf({ values, side }: Ink): Frame | undefined {
  let [left, right, top, bottom] = [side, -1, side, -1];
  let [mass, x, y] = [0, 0, 0];
  for (let i = 0; i < side * side; i++) {
    const value = values[i]!;
    if (value < FAINT) continue;
    const [column, row] = [i % side, Math.floor(i / side)];
    left = Math.min(left, column);
    right = Math.max(right, column);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row);
    mass += value;
    x += value * (column + 0.5);
    y += value * (row + 0.5);
  }
  if (mass === 0) return undefined;
  const framed = Math.max(right - left + 1, bottom - top + 1) / SHARE;
  return { left: x / mass - framed / 2, top: y / mass - framed / 2, side: framed };
}
