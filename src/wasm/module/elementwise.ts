/** dx = dy · step(x): dy where x > 0, dy · 0 where x ≤ 0, NaN where x is NaN. */
export function reluGrad(dy: usize, x: usize, dx: usize, size: usize): void {
  const one = f32x4.splat(1);
  const bytes = size << 2;
  const vectors = bytes & ~15;
  let i: usize = 0;
  for (; i < vectors; i += 16) {
    const value = v128.load(x + i);
    const step = v128.and(f32x4.gt(value, f32x4.splat(0)), one);
    const factor = v128.bitselect(value, step, f32x4.ne(value, value));
    v128.store(dx + i, f32x4.mul(v128.load(dy + i), factor));
  }
  for (; i < bytes; i += 4) {
    const value = load<f32>(x + i);
    const factor: f32 = value > 0 ? 1 : isNaN(value) ? value : 0;
    store<f32>(dx + i, load<f32>(dy + i) * factor);
  }
}

/** out = factor · a · b. */
export function scaledProduct(a: usize, b: usize, out: usize, size: usize, factor: f32): void {
  const factors = f32x4.splat(factor);
  const bytes = size << 2;
  const vectors = bytes & ~15;
  let i: usize = 0;
  for (; i < vectors; i += 16) {
    v128.store(out + i, f32x4.mul(v128.load(a + i), f32x4.mul(v128.load(b + i), factors)));
  }
  for (; i < bytes; i += 4) {
    store<f32>(out + i, load<f32>(a + i) * (load<f32>(b + i) * factor));
  }
}
