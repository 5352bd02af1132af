// Updates of weights by optimizers, in one pass over vectors of `size` entries. The last lanes are single
// entries, whose other lanes are 0.
import { loadRow, storeRow } from "./exp-log";

/** out = w + rate · g, with rate [1] in memory. */
export function sgd(w: usize, g: usize, rate: usize, out: usize, size: usize): void {
  const c = v128.load32_splat(rate);
  for (let i: usize = 0; i < size; i += 4) {
    const step = f32x4.mul(c, loadRow(g, i, size, 0));
    storeRow(out, i, size, f32x4.add(step, loadRow(w, i, size, 0)));
  }
}

/**
 * newA = m · a + g and out = w + rate · newA, or, with Nesterov's momentum, w + rate · (g + m · newA). The
 * momentum m and the rate are [1] in memory.
 */
export function momentum(
  w: usize,
  a: usize,
  g: usize,
  rate: usize,
  m: usize,
  newA: usize,
  out: usize,
  size: usize,
  isNesterov: bool,
): void {
  const c = v128.load32_splat(rate);
  const factor = v128.load32_splat(m);
  for (let i: usize = 0; i < size; i += 4) {
    const gradient = loadRow(g, i, size, 0);
    const sum = f32x4.add(f32x4.mul(factor, loadRow(a, i, size, 0)), gradient);
    const direction = isNesterov ? f32x4.add(gradient, f32x4.mul(sum, factor)) : sum;
    storeRow(newA, i, size, sum);
    storeRow(out, i, size, f32x4.add(f32x4.mul(c, direction), loadRow(w, i, size, 0)));
  }
}

/**
 * newFirst = β₁ · first + (1 − β₁) g, newSecond = β₂ · second + (1 − β₂) g², and out = w − rate · newFirst / (1 −
 * power1) / (√(newSecond / (1 − power2)) + ε). The powers of β₁ and β₂ are [1] in memory.
 */
export function adam(
  w: usize,
  first: usize,
  second: usize,
  g: usize,
  power1: usize,
  power2: usize,
  rate: f64,
  beta1: f64,
  beta2: f64,
  epsilon: f64,
  newFirst: usize,
  newSecond: usize,
  out: usize,
  size: usize,
): void {
  const b1 = f32x4.splat(<f32>beta1);
  const b2 = f32x4.splat(<f32>beta2);
  const rest1 = f32x4.splat(<f32>(1 - beta1));
  const rest2 = f32x4.splat(<f32>(1 - beta2));
  const bias1 = f32x4.splat(<f32>1 - load<f32>(power1));
  const bias2 = f32x4.splat(<f32>1 - load<f32>(power2));
  const c = f32x4.splat(<f32>-rate);
  const e = f32x4.splat(<f32>epsilon);
  for (let i: usize = 0; i < size; i += 4) {
    const gradient = loadRow(g, i, size, 0);
    const m = f32x4.add(f32x4.mul(b1, loadRow(first, i, size, 0)), f32x4.mul(rest1, gradient));
    const square = f32x4.mul(gradient, gradient);
    const v = f32x4.add(f32x4.mul(b2, loadRow(second, i, size, 0)), f32x4.mul(rest2, square));
    const root = f32x4.add(f32x4.sqrt(f32x4.div(v, bias2)), e);
    const step = f32x4.mul(f32x4.div(f32x4.div(m, bias1), root), c);
    storeRow(newFirst, i, size, m);
    storeRow(newSecond, i, size, v);
    storeRow(out, i, size, f32x4.add(step, loadRow(w, i, size, 0)));
  }
}
