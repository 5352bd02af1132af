// Products of small matrices whose sums stay in registers. Steps are distances of rows in bytes.

/** Adds four sums to memory. */
function addTo(c: usize, s: v128): void {
  v128.store(c, f32x4.add(v128.load(c), s));
}

/** c[i, j] += Σ_k a[k, i] · b[k, j]: a sum of outer products. */
export function addOuterProducts(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  cStep: usize,
  inner: usize,
  rows: usize,
  columns: usize,
): void {
  let j: usize = 0;
  for (; j + 8 <= columns; j += 8) {
    const bj = b + (j << 2);
    let cj = c + (j << 2);
    let i: usize = 0;
    for (; i + 6 <= rows; i += 6) {
      outer6x8(a + (i << 2), aStep, bj, bStep, cj, cStep, inner);
      cj += 6 * cStep;
    }
    if (i + 4 <= rows) {
      outer4x8(a + (i << 2), aStep, bj, bStep, cj, cStep, inner);
      cj += 4 * cStep;
      i += 4;
    }
    if (i + 3 <= rows) {
      outer3x8(a + (i << 2), aStep, bj, bStep, cj, cStep, inner);
      cj += 3 * cStep;
      i += 3;
    }
    for (; i < rows; i++) {
      outer1x8(a + (i << 2), aStep, bj, bStep, cj, inner);
      cj += cStep;
    }
  }
  for (; j + 4 <= columns; j += 4) {
    const bj = b + (j << 2);
    let cj = c + (j << 2);
    let i: usize = 0;
    for (; i + 8 <= rows; i += 8) {
      outer8x4(a + (i << 2), aStep, bj, bStep, cj, cStep, inner);
      cj += cStep << 3;
    }
    for (; i < rows; i++) {
      outer1x4(a + (i << 2), aStep, bj, bStep, cj, inner);
      cj += cStep;
    }
  }
  for (; j < columns; j++) {
    for (let i: usize = 0; i < rows; i++) {
      const to = c + i * cStep + (j << 2);
      let s: f32 = 0;
      for (let k: usize = 0; k < inner; k++) {
        s += load<f32>(a + k * aStep + (i << 2)) * load<f32>(b + k * bStep + (j << 2));
      }
      store<f32>(to, load<f32>(to) + s);
    }
  }
}

/** Stores four sums, or adds them to memory. */
function put(c: usize, s: v128, isAdded: bool): void {
  v128.store(c, isAdded ? f32x4.add(v128.load(c), s) : s);
}

/** c[i, j] = Σ_k a[i, k] · b[k, j], or this added to c. */
export function multiply(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  cStep: usize,
  rows: usize,
  inner: usize,
  columns: usize,
  isAdded: bool,
): void {
  let j: usize = 0;
  for (; j + 8 <= columns; j += 8) {
    const bj = b + (j << 2);
    let ai = a;
    let cj = c + (j << 2);
    let i: usize = 0;
    for (; i + 6 <= rows; i += 6) {
      plain6x8(ai, aStep, bj, bStep, cj, cStep, inner, isAdded);
      ai += 6 * aStep;
      cj += 6 * cStep;
    }
    if (i + 4 <= rows) {
      plain4x8(ai, aStep, bj, bStep, cj, cStep, inner, isAdded);
      ai += 4 * aStep;
      cj += 4 * cStep;
      i += 4;
    }
    for (; i < rows; i++) {
      plain1x8(ai, bj, bStep, cj, inner, isAdded);
      ai += aStep;
      cj += cStep;
    }
  }
  for (; j + 4 <= columns; j += 4) {
    const bj = b + (j << 2);
    let ai = a;
    let cj = c + (j << 2);
    let i: usize = 0;
    for (; i + 6 <= rows; i += 6) {
      plain6x4(ai, aStep, bj, bStep, cj, cStep, inner, isAdded);
      ai += 6 * aStep;
      cj += 6 * cStep;
    }
    for (; i < rows; i++) {
      plain1x4(ai, bj, bStep, cj, inner, isAdded);
      ai += aStep;
      cj += cStep;
    }
  }
  for (; j < columns; j++) {
    for (let i: usize = 0; i < rows; i++) {
      const to = c + i * cStep + (j << 2);
      let s: f32 = isAdded ? load<f32>(to) : 0;
      for (let k: usize = 0; k < inner; k++) {
        s += load<f32>(a + i * aStep + (k << 2)) * load<f32>(b + k * bStep + (j << 2));
      }
      store<f32>(to, s);
    }
  }
}

/** c[i, j] += Σ_k a[i, k] · b[k, j], b a panel of eight columns. */
export function multiplyPanel(
  a: usize,
  aStep: usize,
  b: usize,
  c: usize,
  cStep: usize,
  inner: usize,
  rows: usize,
): void {
  let i: usize = 0;
  for (; i + 6 <= rows; i += 6) {
    plain6x8(a, aStep, b, 32, c, cStep, inner, true);
    a += 6 * aStep;
    c += 6 * cStep;
  }
  if (i + 4 <= rows) {
    plain4x8(a, aStep, b, 32, c, cStep, inner, true);
    a += 4 * aStep;
    c += 4 * cStep;
    i += 4;
  }
  for (; i < rows; i++) {
    plain1x8(a, b, 32, c, inner, true);
    a += aStep;
    c += cStep;
  }
}

/** c[i, j] += Σ_k a[k, i] · b[k, j], b a panel of eight columns. */
export function addPanelOfColumns(
  a: usize,
  aStep: usize,
  b: usize,
  c: usize,
  cStep: usize,
  inner: usize,
  rows: usize,
): void {
  let i: usize = 0;
  for (; i + 6 <= rows; i += 6) {
    outer6x8(a + (i << 2), aStep, b, 32, c, cStep, inner);
    c += 6 * cStep;
  }
  if (i + 4 <= rows) {
    outer4x8(a + (i << 2), aStep, b, 32, c, cStep, inner);
    c += 4 * cStep;
    i += 4;
  }
  for (; i < rows; i++) {
    outer1x8(a + (i << 2), aStep, b, 32, c, inner);
    c += cStep;
  }
}

function outer6x8(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  cStep: usize,
  inner: usize,
): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  let s40 = s00;
  let s41 = s00;
  let s50 = s00;
  let s51 = s00;
  for (let k: usize = 0; k < inner; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    s00 = f32x4.add(s00, f32x4.mul(x, b0));
    s01 = f32x4.add(s01, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 4);
    s10 = f32x4.add(s10, f32x4.mul(x, b0));
    s11 = f32x4.add(s11, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 8);
    s20 = f32x4.add(s20, f32x4.mul(x, b0));
    s21 = f32x4.add(s21, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 12);
    s30 = f32x4.add(s30, f32x4.mul(x, b0));
    s31 = f32x4.add(s31, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 16);
    s40 = f32x4.add(s40, f32x4.mul(x, b0));
    s41 = f32x4.add(s41, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 20);
    s50 = f32x4.add(s50, f32x4.mul(x, b0));
    s51 = f32x4.add(s51, f32x4.mul(x, b1));
    a += aStep;
    b += bStep;
  }
  addTo(c, s00);
  addTo(c + 16, s01);
  c += cStep;
  addTo(c, s10);
  addTo(c + 16, s11);
  c += cStep;
  addTo(c, s20);
  addTo(c + 16, s21);
  c += cStep;
  addTo(c, s30);
  addTo(c + 16, s31);
  c += cStep;
  addTo(c, s40);
  addTo(c + 16, s41);
  c += cStep;
  addTo(c, s50);
  addTo(c + 16, s51);
}

function outer4x8(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  cStep: usize,
  inner: usize,
): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  for (let k: usize = 0; k < inner; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    s00 = f32x4.add(s00, f32x4.mul(x, b0));
    s01 = f32x4.add(s01, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 4);
    s10 = f32x4.add(s10, f32x4.mul(x, b0));
    s11 = f32x4.add(s11, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 8);
    s20 = f32x4.add(s20, f32x4.mul(x, b0));
    s21 = f32x4.add(s21, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 12);
    s30 = f32x4.add(s30, f32x4.mul(x, b0));
    s31 = f32x4.add(s31, f32x4.mul(x, b1));
    a += aStep;
    b += bStep;
  }
  addTo(c, s00);
  addTo(c + 16, s01);
  c += cStep;
  addTo(c, s10);
  addTo(c + 16, s11);
  c += cStep;
  addTo(c, s20);
  addTo(c + 16, s21);
  c += cStep;
  addTo(c, s30);
  addTo(c + 16, s31);
}

function outer3x8(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  cStep: usize,
  inner: usize,
): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  for (let k: usize = 0; k < inner; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    s00 = f32x4.add(s00, f32x4.mul(x, b0));
    s01 = f32x4.add(s01, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 4);
    s10 = f32x4.add(s10, f32x4.mul(x, b0));
    s11 = f32x4.add(s11, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 8);
    s20 = f32x4.add(s20, f32x4.mul(x, b0));
    s21 = f32x4.add(s21, f32x4.mul(x, b1));
    a += aStep;
    b += bStep;
  }
  addTo(c, s00);
  addTo(c + 16, s01);
  c += cStep;
  addTo(c, s10);
  addTo(c + 16, s11);
  c += cStep;
  addTo(c, s20);
  addTo(c + 16, s21);
}

function outer1x8(a: usize, aStep: usize, b: usize, bStep: usize, c: usize, inner: usize): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  for (let k: usize = 0; k < inner; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const x = v128.load32_splat(a);
    s00 = f32x4.add(s00, f32x4.mul(x, b0));
    s01 = f32x4.add(s01, f32x4.mul(x, b1));
    a += aStep;
    b += bStep;
  }
  addTo(c, s00);
  addTo(c + 16, s01);
}

function outer8x4(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  cStep: usize,
  inner: usize,
): void {
  let s00 = f32x4.splat(0);
  let s10 = s00;
  let s20 = s00;
  let s30 = s00;
  let s40 = s00;
  let s50 = s00;
  let s60 = s00;
  let s70 = s00;
  for (let k: usize = 0; k < inner; k++) {
    const b0 = v128.load(b);
    let x = v128.load32_splat(a);
    s00 = f32x4.add(s00, f32x4.mul(x, b0));
    x = v128.load32_splat(a, 4);
    s10 = f32x4.add(s10, f32x4.mul(x, b0));
    x = v128.load32_splat(a, 8);
    s20 = f32x4.add(s20, f32x4.mul(x, b0));
    x = v128.load32_splat(a, 12);
    s30 = f32x4.add(s30, f32x4.mul(x, b0));
    x = v128.load32_splat(a, 16);
    s40 = f32x4.add(s40, f32x4.mul(x, b0));
    x = v128.load32_splat(a, 20);
    s50 = f32x4.add(s50, f32x4.mul(x, b0));
    x = v128.load32_splat(a, 24);
    s60 = f32x4.add(s60, f32x4.mul(x, b0));
    x = v128.load32_splat(a, 28);
    s70 = f32x4.add(s70, f32x4.mul(x, b0));
    a += aStep;
    b += bStep;
  }
  addTo(c, s00);
  c += cStep;
  addTo(c, s10);
  c += cStep;
  addTo(c, s20);
  c += cStep;
  addTo(c, s30);
  c += cStep;
  addTo(c, s40);
  c += cStep;
  addTo(c, s50);
  c += cStep;
  addTo(c, s60);
  c += cStep;
  addTo(c, s70);
}

function outer1x4(a: usize, aStep: usize, b: usize, bStep: usize, c: usize, inner: usize): void {
  let s00 = f32x4.splat(0);
  for (let k: usize = 0; k < inner; k++) {
    const b0 = v128.load(b);
    const x = v128.load32_splat(a);
    s00 = f32x4.add(s00, f32x4.mul(x, b0));
    a += aStep;
    b += bStep;
  }
  addTo(c, s00);
}

function plain6x8(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  cStep: usize,
  inner: usize,
  isAdded: bool,
): void {
  const a1 = a + aStep;
  const a2 = a1 + aStep;
  const a3 = a2 + aStep;
  const a4 = a3 + aStep;
  const a5 = a4 + aStep;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  let s40 = s00;
  let s41 = s00;
  let s50 = s00;
  let s51 = s00;
  const end = inner << 2;
  for (let k: usize = 0; k < end; k += 4) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a + k);
    s00 = f32x4.add(s00, f32x4.mul(x, b0));
    s01 = f32x4.add(s01, f32x4.mul(x, b1));
    x = v128.load32_splat(a1 + k);
    s10 = f32x4.add(s10, f32x4.mul(x, b0));
    s11 = f32x4.add(s11, f32x4.mul(x, b1));
    x = v128.load32_splat(a2 + k);
    s20 = f32x4.add(s20, f32x4.mul(x, b0));
    s21 = f32x4.add(s21, f32x4.mul(x, b1));
    x = v128.load32_splat(a3 + k);
    s30 = f32x4.add(s30, f32x4.mul(x, b0));
    s31 = f32x4.add(s31, f32x4.mul(x, b1));
    x = v128.load32_splat(a4 + k);
    s40 = f32x4.add(s40, f32x4.mul(x, b0));
    s41 = f32x4.add(s41, f32x4.mul(x, b1));
    x = v128.load32_splat(a5 + k);
    s50 = f32x4.add(s50, f32x4.mul(x, b0));
    s51 = f32x4.add(s51, f32x4.mul(x, b1));
    b += bStep;
  }
  put(c, s00, isAdded);
  put(c + 16, s01, isAdded);
  c += cStep;
  put(c, s10, isAdded);
  put(c + 16, s11, isAdded);
  c += cStep;
  put(c, s20, isAdded);
  put(c + 16, s21, isAdded);
  c += cStep;
  put(c, s30, isAdded);
  put(c + 16, s31, isAdded);
  c += cStep;
  put(c, s40, isAdded);
  put(c + 16, s41, isAdded);
  c += cStep;
  put(c, s50, isAdded);
  put(c + 16, s51, isAdded);
}

function plain4x8(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  cStep: usize,
  inner: usize,
  isAdded: bool,
): void {
  const a1 = a + aStep;
  const a2 = a1 + aStep;
  const a3 = a2 + aStep;
  let s00 = f32x4.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  const end = inner << 2;
  for (let k: usize = 0; k < end; k += 4) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a + k);
    s00 = f32x4.add(s00, f32x4.mul(x, b0));
    s01 = f32x4.add(s01, f32x4.mul(x, b1));
    x = v128.load32_splat(a1 + k);
    s10 = f32x4.add(s10, f32x4.mul(x, b0));
    s11 = f32x4.add(s11, f32x4.mul(x, b1));
    x = v128.load32_splat(a2 + k);
    s20 = f32x4.add(s20, f32x4.mul(x, b0));
    s21 = f32x4.add(s21, f32x4.mul(x, b1));
    x = v128.load32_splat(a3 + k);
    s30 = f32x4.add(s30, f32x4.mul(x, b0));
    s31 = f32x4.add(s31, f32x4.mul(x, b1));
    b += bStep;
  }
  put(c, s00, isAdded);
  put(c + 16, s01, isAdded);
  c += cStep;
  put(c, s10, isAdded);
  put(c + 16, s11, isAdded);
  c += cStep;
  put(c, s20, isAdded);
  put(c + 16, s21, isAdded);
  c += cStep;
  put(c, s30, isAdded);
  put(c + 16, s31, isAdded);
}

function plain1x8(a: usize, b: usize, bStep: usize, c: usize, inner: usize, isAdded: bool): void {
  let s00 = f32x4.splat(0);
  let s01 = s00;
  const end = inner << 2;
  for (let k: usize = 0; k < end; k += 4) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const x = v128.load32_splat(a + k);
    s00 = f32x4.add(s00, f32x4.mul(x, b0));
    s01 = f32x4.add(s01, f32x4.mul(x, b1));
    b += bStep;
  }
  put(c, s00, isAdded);
  put(c + 16, s01, isAdded);
}

function plain6x4(
  a: usize,
  aStep: usize,
  b: usize,
  bStep: usize,
  c: usize,
  cStep: usize,
  inner: usize,
  isAdded: bool,
): void {
  const a1 = a + aStep;
  const a2 = a1 + aStep;
  const a3 = a2 + aStep;
  const a4 = a3 + aStep;
  const a5 = a4 + aStep;
  let s00 = f32x4.splat(0);
  let s10 = s00;
  let s20 = s00;
  let s30 = s00;
  let s40 = s00;
  let s50 = s00;
  const end = inner << 2;
  for (let k: usize = 0; k < end; k += 4) {
    const b0 = v128.load(b);
    let x = v128.load32_splat(a + k);
    s00 = f32x4.add(s00, f32x4.mul(x, b0));
    x = v128.load32_splat(a1 + k);
    s10 = f32x4.add(s10, f32x4.mul(x, b0));
    x = v128.load32_splat(a2 + k);
    s20 = f32x4.add(s20, f32x4.mul(x, b0));
    x = v128.load32_splat(a3 + k);
    s30 = f32x4.add(s30, f32x4.mul(x, b0));
    x = v128.load32_splat(a4 + k);
    s40 = f32x4.add(s40, f32x4.mul(x, b0));
    x = v128.load32_splat(a5 + k);
    s50 = f32x4.add(s50, f32x4.mul(x, b0));
    b += bStep;
  }
  put(c, s00, isAdded);
  c += cStep;
  put(c, s10, isAdded);
  c += cStep;
  put(c, s20, isAdded);
  c += cStep;
  put(c, s30, isAdded);
  c += cStep;
  put(c, s40, isAdded);
  c += cStep;
  put(c, s50, isAdded);
}

function plain1x4(a: usize, b: usize, bStep: usize, c: usize, inner: usize, isAdded: bool): void {
  let s00 = f32x4.splat(0);
  const end = inner << 2;
  for (let k: usize = 0; k < end; k += 4) {
    const b0 = v128.load(b);
    const x = v128.load32_splat(a + k);
    s00 = f32x4.add(s00, f32x4.mul(x, b0));
    b += bStep;
  }
  put(c, s00, isAdded);
}
