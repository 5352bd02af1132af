// Pairs and triples of samples, for relational losses.
import { loadRow } from "./exp-log";
import { addWide, sumOf } from "./sums";

/** Squares that are summed in float32 before their sum is added in float64. */
const BLOCK: usize = 256;

/** Arms that are summed in float32 before their sum is added in float64. */
const ARMS: usize = 16;

/** out[i, j] = Σ_d (x[i, d] ± x[j, d])² for x [rows, size], with + if `isSum`. */
export function squaredPairs(x: usize, out: usize, rows: usize, size: usize, isSum: boolean): void {
  const sign = i32x4.splat(isSum ? 0 : i32.MIN_VALUE);
  const step = size << 2;
  for (let i: usize = 0; i < rows; i++) {
    for (let j = i; j < rows; j++) {
      const square = f32(squares(x + i * step, x + j * step, size, sign));
      store<f32>(out + ((i * rows + j) << 2), square);
      store<f32>(out + ((j * rows + i) << 2), square);
    }
  }
}

/** Σ_d (a_d ± b_d)², where `sign` turns the signs of b. */
function squares(a: usize, b: usize, size: usize, sign: v128): f64 {
  let total: f64 = 0;
  const vectors = size & ~15;
  let d: usize = 0;
  while (d < vectors) {
    const end = min(d + BLOCK, vectors);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (; d < end; d += 16) {
      const p = a + (d << 2);
      const q = b + (d << 2);
      const x0 = f32x4.add(v128.load(p), v128.xor(v128.load(q), sign));
      const x1 = f32x4.add(v128.load(p, 16), v128.xor(v128.load(q, 16), sign));
      const x2 = f32x4.add(v128.load(p, 32), v128.xor(v128.load(q, 32), sign));
      const x3 = f32x4.add(v128.load(p, 48), v128.xor(v128.load(q, 48), sign));
      s0 = f32x4.add(s0, f32x4.mul(x0, x0));
      s1 = f32x4.add(s1, f32x4.mul(x1, x1));
      s2 = f32x4.add(s2, f32x4.mul(x2, x2));
      s3 = f32x4.add(s3, f32x4.mul(x3, x3));
    }
    total += sumOf(s0) + sumOf(s1) + sumOf(s2) + sumOf(s3);
  }
  let rest = f32x4.splat(0);
  for (; d < size; d += 4) {
    const x = f32x4.add(loadRow(a, d, size, 0), v128.xor(loadRow(b, d, size, 0), sign));
    rest = f32x4.add(rest, f32x4.mul(x, x));
  }
  return total + sumOf(rest);
}

/**
 * The angles at each sample k between the samples i and j, compared with a teacher's: see `angleLosses` of
 * src/ops. The inputs are [n, columns], zero beyond n, where `columns` is a multiple of 4.
 *
 * @param loss A single number.
 * @param p [n, n], and so is t.
 * @param opposite [n, columns].
 * @param sums Scratch of `columns` float64.
 */
export function angleLosses(
  centres: usize,
  rest: usize,
  z: usize,
  teacherCentres: usize,
  teacherRest: usize,
  teacherZ: usize,
  loss: usize,
  p: usize,
  t: usize,
  opposite: usize,
  sums: usize,
  n: usize,
  columns: usize,
): void {
  const step = columns << 2;
  const half = f32x4.splat(0.5);
  const one = f32x4.splat(1);
  const minusOne = f32x4.splat(-1);
  let total: f64 = 0;
  for (let i: usize = 0; i < n; i++) {
    const row = i * step;
    memory.fill(sums, 0, columns << 3);
    memory.fill(opposite + row, 0, step);
    for (let k: usize = 0; k < n; k++) {
      const arm = row + (k << 2);
      const c = v128.load32_splat(centres + arm);
      const r = v128.load32_splat(rest + arm);
      const zi = v128.load32_splat(z + arm);
      const tc = v128.load32_splat(teacherCentres + arm);
      const tr = v128.load32_splat(teacherRest + arm);
      const tz = v128.load32_splat(teacherZ + arm);
      let losses = f32x4.splat(0);
      let ps = losses;
      let ts = losses;
      let at = k * step;
      for (let to = row; to < row + step; to += 16, at += 16) {
        const zz = f32x4.mul(v128.load(z + at), zi);
        const sides = f32x4.add(numerator(centres, at, to, c), numerator(rest, at, to, r));
        const cosine = f32x4.mul(sides, zz);
        const teacherSides = f32x4.add(
          numerator(teacherCentres, at, to, tc),
          numerator(teacherRest, at, to, tr),
        );
        const wanted = f32x4.mul(teacherSides, f32x4.mul(v128.load(teacherZ + at), tz));
        const x = f32x4.sub(cosine, wanted);
        const h = f32x4.max(f32x4.min(x, one), minusOne);
        const hz = f32x4.mul(h, zz);
        losses = f32x4.add(losses, f32x4.mul(h, f32x4.sub(x, f32x4.mul(h, half))));
        ps = f32x4.add(ps, hz);
        ts = f32x4.add(ts, f32x4.mul(h, cosine));
        v128.store(opposite + to, f32x4.add(v128.load(opposite + to), hz));
      }
      total += sumOf(losses);
      store<f32>(p + ((i * n + k) << 2), f32(sumOf(ps)));
      store<f32>(t + ((i * n + k) << 2), f32(sumOf(ts)));
      if (k % ARMS === ARMS - 1 || k === n - 1) addRow(opposite + row, sums, columns);
    }
    for (let j: usize = 0; j < columns; j++) {
      store<f32>(opposite + row + (j << 2), f32(load<f64>(sums + (j << 3))));
    }
  }
  store<f32>(loss, f32(total));
}

/** x[k, j] + x[i, k] − x[i, j] of four j, given x[i, k]. */
function numerator(x: usize, at: usize, to: usize, arm: v128): v128 {
  return f32x4.sub(f32x4.add(v128.load(x + at), arm), v128.load(x + to));
}

/** Adds a row of float32 to a row of float64, and clears it. */
function addRow(row: usize, sums: usize, size: usize): void {
  for (let j: usize = 0; j < size; j += 4) addWide(sums + (j << 3), v128.load(row + (j << 2)));
  memory.fill(row, 0, size << 2);
}
