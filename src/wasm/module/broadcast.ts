/** The operations of `combineRow` and `combineColumn`. */
const ADD: i32 = 0;
const MULTIPLY: i32 = 1;
const SUBTRACT: i32 = 2;
const DIVIDE: i32 = 3;
const SUBTRACT_FROM: i32 = 4;
// 5: b / a

function combine(operation: i32, a: v128, b: v128): v128 {
  if (operation === MULTIPLY) return f32x4.mul(a, b);
  if (operation === ADD) return f32x4.add(a, b);
  if (operation === SUBTRACT) return f32x4.sub(a, b);
  if (operation === DIVIDE) return f32x4.div(a, b);
  if (operation === SUBTRACT_FROM) return f32x4.sub(b, a);
  return f32x4.div(b, a);
}

function combineOne(operation: i32, a: f32, b: f32): f32 {
  if (operation === MULTIPLY) return a * b;
  if (operation === ADD) return a + b;
  if (operation === SUBTRACT) return a - b;
  if (operation === DIVIDE) return a / b;
  if (operation === SUBTRACT_FROM) return b - a;
  return b / a;
}

/** out[o, r, c] = a[o, r, c] ∘ b[o, c], a of shape [outer, rows, columns]. */
export function combineRow(
  operation: i32,
  a: usize,
  b: usize,
  out: usize,
  outer: usize,
  rows: usize,
  columns: usize,
): void {
  const step = columns << 2;
  const vectors = step & ~15;
  for (let o: usize = 0; o < outer; o++) {
    for (let row: usize = 0; row < rows; row++) {
      let c: usize = 0;
      for (; c < vectors; c += 16) {
        v128.store(out + c, combine(operation, v128.load(a + c), v128.load(b + c)));
      }
      for (; c < step; c += 4) {
        store<f32>(out + c, combineOne(operation, load<f32>(a + c), load<f32>(b + c)));
      }
      a += step;
      out += step;
    }
    b += step;
  }
}

/** out[r, c] = a[r, c] ∘ b[r], a of shape [rows, columns]. */
export function combineColumn(
  operation: i32,
  a: usize,
  b: usize,
  out: usize,
  rows: usize,
  columns: usize,
): void {
  const step = columns << 2;
  const vectors = step & ~15;
  for (let row: usize = 0; row < rows; row++) {
    const one = load<f32>(b + (row << 2));
    const four = f32x4.splat(one);
    let c: usize = 0;
    for (; c < vectors; c += 16) {
      v128.store(out + c, combine(operation, v128.load(a + c), four));
    }
    for (; c < step; c += 4) {
      store<f32>(out + c, combineOne(operation, load<f32>(a + c), one));
    }
    a += step;
    out += step;
  }
}

/** out[o, r, c] = factor · x[o, c], out of shape [outer, rows, columns]. */
export function repeatRow(
  x: usize,
  out: usize,
  outer: usize,
  rows: usize,
  columns: usize,
  factor: f32,
): void {
  const step = columns << 2;
  const vectors = step & ~15;
  const factors = f32x4.splat(factor);
  for (let o: usize = 0; o < outer; o++) {
    for (let row: usize = 0; row < rows; row++) {
      let c: usize = 0;
      for (; c < vectors; c += 16) v128.store(out + c, f32x4.mul(v128.load(x + c), factors));
      for (; c < step; c += 4) store<f32>(out + c, load<f32>(x + c) * factor);
      out += step;
    }
    x += step;
  }
}

/** out[r, c] = factor · x[r], out of shape [rows, columns]. */
export function repeatColumn(x: usize, out: usize, rows: usize, columns: usize, factor: f32): void {
  for (let row: usize = 0; row < rows; row++) {
    const one = load<f32>(x + (row << 2)) * factor;
    const four = f32x4.splat(one);
    let c: usize = 0;
    for (; c + 4 <= columns; c += 4) v128.store(out + (c << 2), four);
    for (; c < columns; c++) store<f32>(out + (c << 2), one);
    out += columns << 2;
  }
}
