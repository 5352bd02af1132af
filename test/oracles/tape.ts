/**
 * Reverse-mode differentiation of scalar formulas in float64. Every operation records the derivatives
 * of its result by its operands. {@link derivatives} applies the chain rule.
 */
export interface Num {
  readonly value: number;
  readonly operands: readonly Num[];
  readonly slopes: readonly number[];
  /** The magnitudes of the slopes, larger where rounding in float32 decides about them. */
  readonly sizes: readonly number[];
  /** Results have a higher number than their operands. */
  readonly order: number;
}

let count = 0;
const node = (
  value: number,
  operands: readonly Num[],
  slopes: readonly number[],
  sizes = slopes.map(Math.abs),
): Num => ({ value, operands, slopes, sizes, order: count++ });

export const num = (value: number): Num => node(value, [], []);

export const add = (a: Num, b: Num): Num => node(a.value + b.value, [a, b], [1, 1]);
export const sub = (a: Num, b: Num): Num => node(a.value - b.value, [a, b], [1, -1]);
export const mul = (a: Num, b: Num): Num => node(a.value * b.value, [a, b], [b.value, a.value]);
export const scale = (a: Num, factor: number): Num => node(a.value * factor, [a], [factor]);
export const shift = (a: Num, by: number): Num => node(a.value + by, [a], [1]);
export const exp = (a: Num): Num => node(Math.exp(a.value), [a], [Math.exp(a.value)]);
export const expm1 = (a: Num): Num => node(Math.expm1(a.value), [a], [Math.exp(a.value)]);
export const log = (a: Num): Num => node(Math.log(a.value), [a], [1 / a.value]);
export const abs = (a: Num): Num => node(Math.abs(a.value), [a], [Math.sign(a.value)]);
export const square = (a: Num): Num => node(a.value ** 2, [a], [2 * a.value]);

export function div(a: Num, b: Num): Num {
  const value = a.value / b.value;
  return node(value, [a, b], [1 / b.value, -value / b.value]);
}

/** |a|^p for p ≥ 1. */
export const power = (a: Num, p: number): Num =>
  node(Math.abs(a.value) ** p, [a], [p * Math.abs(a.value) ** (p - 1) * Math.sign(a.value)]);

/** max(a, floor), with the derivative 0 from the floor downwards. */
export function atLeast(a: Num, floor: number): Num {
  const slope = Number.isNaN(a.value) ? Number.NaN : Number(a.value > floor);
  return node(Math.max(a.value, floor), [a], [slope]);
}

/** The rounding error of a difference of two numbers up to 1: 32 units in the last place of float32. */
export const UNIT_ERROR = 4e-6;

/** The square of a difference of numbers up to 1. Its slope has their rounding error. */
export const squaredDifference = (a: Num): Num =>
  node(a.value ** 2, [a], [2 * a.value], [2 * (Math.abs(a.value) + 1)]);

/** |a − b|. Where rounding decides about the sign of the difference, any slope is right. */
export function absoluteDifference(a: Num, b: Num): Num {
  const difference = a.value - b.value;
  const sign = Math.sign(difference);
  const isRounded =
    Math.abs(difference) < UNIT_ERROR * Math.max(Math.abs(a.value), Math.abs(b.value));
  const size = isRounded ? 2 / UNIT_ERROR : 1;
  return node(Math.abs(difference), [a, b], [sign, -sign], [size, size]);
}

/** x²/2 within ±1, |x| − 1/2 elsewhere, of a difference of numbers up to 1. */
export function smoothL1(a: Num): Num {
  const slope = Math.max(-1, Math.min(1, a.value));
  return node(slope * (a.value - slope / 2), [a], [slope], [Math.abs(slope) + 1]);
}

/** p · x, or 0 where p is 0, as 0 · log 0 is 0. */
export const weigh = (p: Num, x: Num): Num => (p.value === 0 ? num(0) : mul(p, x));

/**
 * p (log p − log q) − p + q. Since distributions sum to 1, the sum of these terms is the divergence. They
 * are never negative, so that a small divergence does not cancel.
 */
export function divergenceTerm(logP: Num, logQ: Num): Num {
  const [p, q, x] = [Math.exp(logP.value), Math.exp(logQ.value), logP.value - logQ.value];
  const isNear = Math.abs(x) < 1;
  const value = p === 0 ? q : isNear ? p * (x + Math.expm1(-x)) : p * x - p + q;
  const slopes = [p === 0 ? 0 : p * x, isNear ? p * Math.expm1(-x) : q - p];
  return node(value, [logP, logQ], slopes, [Math.abs(slopes[0]!), p + q]);
}

/**
 * KL(σ(t) ‖ σ(s)) = p (log p − log q) + (1 − p) (log(1 − p) − log(1 − q)), from its Taylor series where t and
 * s are close, since the logarithms cancel there. A logit may be infinite.
 */
export function bernoulliDivergence(t: Num, s: Num): Num {
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  const ratio = (p: number, a: number, b: number) =>
    p === 0 ? 0 : p * (softplus(-b) - softplus(-a));
  const [a, b, d] = [t.value, s.value, s.value - t.value];
  const [p, q, r, u] = [a, b, -a, -b].map(sigmoid) as [number, number, number, number];
  const w = p * r;
  const series = w * d * d * (1 / 2 + ((r - p) * d) / 6 + ((1 - 6 * w) * d * d) / 24);
  const value = Math.abs(d) < 1e-3 ? series : ratio(p, a, b) + ratio(r, -a, -b);
  const slopes = [w === 0 ? 0 : -w * d, p > 0.5 ? r - u : q - p];
  return node(value, [t, s], slopes, [Math.abs(slopes[0]!), Math.min(p + q, r + u)]);
}

export function sum(xs: readonly Num[]): Num {
  return node(
    xs.reduce((total, x) => total + x.value, 0),
    xs,
    xs.map(() => 1),
  );
}

export const mean = (xs: readonly Num[]): Num => scale(sum(xs), 1 / xs.length);

export function dot(a: readonly Num[], b: readonly Num[]): Num {
  const value = a.reduce((total, x, i) => total + x.value * b[i]!.value, 0);
  return node(
    value,
    [...a, ...b],
    [...b, ...a].map((x) => x.value),
  );
}

/** The Euclidean length, whose derivative at zero is taken as 0. */
export function norm(xs: readonly Num[]): Num {
  const value = Math.hypot(...xs.map((x) => x.value));
  return node(
    value,
    xs,
    xs.map((x) => (value === 0 ? 0 : x.value / value)),
  );
}

export function logSumExp(xs: readonly Num[]): Num {
  const largest = xs.reduce((max, x) => Math.max(max, x.value), Number.NEGATIVE_INFINITY);
  const shares = xs.map((x) => Math.exp(x.value - largest));
  const total = shares.reduce((a, b) => a + b, 0);
  return node(
    largest + Math.log(total),
    xs,
    shares.map((share) => share / total),
  );
}

/**
 * The derivatives of Σ seeds · outputs by some inputs, and the sums of the magnitudes of the terms that
 * the chain rule adds up to each derivative.
 */
export function derivatives(
  outputs: readonly Num[],
  seeds: readonly number[],
  inputs: readonly Num[],
): { slopes: number[]; sizes: number[] } {
  const [slopes, sizes] = [new Map<Num, number>(), new Map<Num, number>()];
  const receive = (x: Num, slope: number, size: number) => {
    slopes.set(x, (slopes.get(x) ?? 0) + slope);
    sizes.set(x, (sizes.get(x) ?? 0) + size);
  };
  for (const [i, output] of outputs.entries()) receive(output, seeds[i]!, Math.abs(seeds[i]!));
  for (const x of [...reachable(outputs)].sort((a, b) => b.order - a.order)) {
    const [slope, size] = [slopes.get(x) ?? 0, sizes.get(x) ?? 0];
    if (size === 0) continue;
    for (const [i, operand] of x.operands.entries()) {
      receive(operand, slope === 0 ? 0 : slope * x.slopes[i]!, size * x.sizes[i]!);
    }
  }
  return {
    slopes: inputs.map((x) => slopes.get(x) ?? 0),
    sizes: inputs.map((x) => sizes.get(x) ?? 0),
  };
}

function reachable(outputs: readonly Num[]): Set<Num> {
  const found = new Set(outputs);
  const waiting = [...found];
  for (let x = waiting.pop(); x; x = waiting.pop()) {
    for (const operand of x.operands) {
      if (found.has(operand)) continue;
      found.add(operand);
      waiting.push(operand);
    }
  }
  return found;
}
