import { addPanelOfColumns, multiplyPanel } from "./products";

/** Rows of b, and rows of a, whose panels stay in the cache. */
const INNER: usize = 256;
const ROWS: usize = 96;

/**
 * c[i, j] = Σ_k a[i, k] · b[k, j], of a [rows, inner] or its transpose, and b [inner, columns] or its
 * transpose. Eight columns of b at a time are copied to a panel.
 *
 * @param scratch 8 · (256 + 96) entries.
 */
export function matMul(
  a: usize,
  b: usize,
  c: usize,
  scratch: usize,
  rows: usize,
  inner: usize,
  columns: usize,
  isTransposedA: bool,
  isTransposedB: bool,
): void {
  const cStep = columns << 2;
  const tail = scratch + (INNER << 5);
  memory.fill(c, 0, rows * cStep);
  for (let k: usize = 0; k < inner; k += INNER) {
    const count = min(INNER, inner - k);
    for (let i: usize = 0; i < rows; i += ROWS) {
      const height = min(ROWS, rows - i);
      const from = a + (isTransposedA ? k * rows + i : i * inner + k) * 4;
      for (let j: usize = 0; j < columns; j += 8) {
        const width = min<usize>(8, columns - j);
        if (isTransposedB) packTransposed(b + (j * inner + k) * 4, inner, scratch, count, width);
        else pack(b + (k * columns + j) * 4, cStep, scratch, count, width);
        const to = c + i * cStep + (j << 2);
        const isFull = width === 8;
        if (!isFull) memory.fill(tail, 0, height << 5);
        const out = isFull ? to : tail;
        const step: usize = isFull ? cStep : 32;
        if (isTransposedA) addPanelOfColumns(from, rows << 2, scratch, out, step, count, height);
        else multiplyPanel(from, inner << 2, scratch, out, step, count, height);
        if (!isFull) addTail(tail, to, cStep, height, width);
      }
    }
  }
}

/** Copies up to eight columns of `count` rows, with zeros after them. */
function pack(b: usize, step: usize, panel: usize, count: usize, width: usize): void {
  if (width === 8) {
    for (let k: usize = 0; k < count; k++) {
      v128.store(panel, v128.load(b));
      v128.store(panel, v128.load(b, 16), 16);
      b += step;
      panel += 32;
    }
    return;
  }
  memory.fill(panel, 0, count << 5);
  for (let k: usize = 0; k < count; k++) {
    for (let j: usize = 0; j < width; j++) store<f32>(panel + (j << 2), load<f32>(b + (j << 2)));
    b += step;
    panel += 32;
  }
}

/** The same of columns that are rows in memory. */
function packTransposed(b: usize, inner: usize, panel: usize, count: usize, width: usize): void {
  if (width < 8) memory.fill(panel, 0, count << 5);
  for (let j: usize = 0; j < width; j++) {
    let to = panel + (j << 2);
    for (let k: usize = 0; k < count; k++) {
      store<f32>(to, load<f32>(b + (k << 2)));
      to += 32;
    }
    b += inner << 2;
  }
}

/** Adds the first columns of a panel of sums. */
function addTail(tail: usize, c: usize, step: usize, rows: usize, width: usize): void {
  for (let i: usize = 0; i < rows; i++) {
    for (let j: usize = 0; j < width << 2; j += 4) {
      store<f32>(c + j, load<f32>(c + j) + load<f32>(tail + j));
    }
    c += step;
    tail += 32;
  }
}
