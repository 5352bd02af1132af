/** Terms that are summed in float32 before their sum is added in float64. */
export const BLOCK: usize = 16;

/**
 * out[o, c] = factor · Σ_r x[o, r, c] for x [outer, rows, columns].
 *
 * @param sums Scratch of `columns` float64.
 */
export function sumRows(
  x: usize,
  out: usize,
  sums: usize,
  outer: usize,
  rows: usize,
  columns: usize,
  factor: f64,
): void {
  const step = columns << 2;
  for (let o: usize = 0; o < outer; o++) {
    memory.fill(sums, 0, columns << 3);
    for (let row: usize = 0; row < rows; row += BLOCK) {
      const count = min(BLOCK, rows - row);
      addBlock(x, sums, count, columns, step);
      x += count * step;
    }
    for (let c: usize = 0; c < columns; c++) {
      store<f32>(out + (c << 2), f32(load<f64>(sums + (c << 3)) * factor));
    }
    out += step;
  }
}

/** Adds the sum of a block of rows to `sums`. */
function addBlock(x: usize, sums: usize, rows: usize, columns: usize, step: usize): void {
  let c: usize = 0;
  for (; c + 16 <= columns; c += 16) {
    let p = x + (c << 2);
    const end = p + rows * step;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (; p < end; p += step) {
      s0 = f32x4.add(s0, v128.load(p));
      s1 = f32x4.add(s1, v128.load(p, 16));
      s2 = f32x4.add(s2, v128.load(p, 32));
      s3 = f32x4.add(s3, v128.load(p, 48));
    }
    const to = sums + (c << 3);
    addWide(to, s0);
    addWide(to + 32, s1);
    addWide(to + 64, s2);
    addWide(to + 96, s3);
  }
  for (; c + 4 <= columns; c += 4) {
    let p = x + (c << 2);
    const end = p + rows * step;
    let s = f32x4.splat(0);
    for (; p < end; p += step) s = f32x4.add(s, v128.load(p));
    addWide(sums + (c << 3), s);
  }
  for (; c < columns; c++) {
    let p = x + (c << 2);
    const end = p + rows * step;
    let s: f32 = 0;
    for (; p < end; p += step) s += load<f32>(p);
    const to = sums + (c << 3);
    store<f64>(to, load<f64>(to) + f64(s));
  }
}

/** Adds four float32 to four float64 in memory. */
export function addWide(to: usize, s: v128): void {
  v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(s)));
  const high = v128.shuffle<i64>(s, s, 1, 0);
  v128.store(to, f64x2.add(v128.load(to, 16), f64x2.promote_low_f32x4(high)), 16);
}

/** out[r] = factor · Σ_c x[r, c]. */
export function sumColumns(x: usize, out: usize, rows: usize, columns: usize, factor: f64): void {
  for (let row: usize = 0; row < rows; row++) {
    let total: f64 = 0;
    let c: usize = 0;
    while (c + 4 <= columns) {
      // Blocks in float32, so that the rounding error does not grow with the number of columns.
      const end = min(c + (BLOCK << 4), columns & ~3);
      let s0 = f32x4.splat(0);
      let s1 = s0;
      let s2 = s0;
      let s3 = s0;
      for (; c + 16 <= end; c += 16) {
        const p = x + (c << 2);
        s0 = f32x4.add(s0, v128.load(p));
        s1 = f32x4.add(s1, v128.load(p, 16));
        s2 = f32x4.add(s2, v128.load(p, 32));
        s3 = f32x4.add(s3, v128.load(p, 48));
      }
      for (; c < end; c += 4) s0 = f32x4.add(s0, v128.load(x + (c << 2)));
      total += sumOf(s0) + sumOf(s1) + sumOf(s2) + sumOf(s3);
    }
    for (; c < columns; c++) total += f64(load<f32>(x + (c << 2)));
    store<f32>(out + (row << 2), f32(total * factor));
    x += columns << 2;
  }
}

/** The sum of four float32 in float64. */
export function sumOf(s: v128): f64 {
  return (
    f64(f32x4.extract_lane(s, 0)) +
    f64(f32x4.extract_lane(s, 1)) +
    f64(f32x4.extract_lane(s, 2)) +
    f64(f32x4.extract_lane(s, 3))
  );
}
