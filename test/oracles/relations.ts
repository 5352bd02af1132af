import {
  abs,
  atLeast,
  div,
  dot,
  log,
  mean,
  mul,
  type Num,
  norm,
  num,
  scale,
  shift,
  smoothL1,
  squaredDifference,
  sub,
  sum,
} from "./tape.ts";
import { ofSquares, plain, type Result } from "./terms.ts";

type Rows = readonly (readonly Num[])[];

const minus = (a: readonly Num[], b: readonly Num[]) => a.map((x, i) => sub(x, b[i]!));

/** x / max(‖x‖, floor); zeros get no gradient. */
function overLength(xs: readonly Num[], floor: number): Num[] {
  const length = norm(xs);
  return xs.map((x) => (length.value === 0 ? num(0) : div(x, atLeast(length, floor))));
}

/** 1/N² times the squared distance of the Gram matrices, each row over max(its length, 1e-12). */
export function similarity(teacher: readonly Rows[], student: readonly Rows[]): Result[] {
  const normalizedGram = (rows: Rows) =>
    rows.flatMap((a) => {
      const products = rows.map((b) => dot(a, b));
      return overLength(products, 1e-12);
    });
  const losses = teacher.map((rows, l) => {
    const difference = minus(normalizedGram(student[l]!), normalizedGram(rows));
    return scale(sum(difference.map(squaredDifference)), 1 / rows.length ** 2);
  });
  return [ofSquares(sum(losses), losses.length)];
}

/** 1/(N−1) Σ_i ⟨δ_i, δ_{i+1}⟩, δ = |student − teacher|. */
export function correlationCongruence(teacher: Rows, student: Rows): Result[] {
  const delta = teacher.map((row, i) => minus(student[i]!, row).map(abs));
  const products = delta.slice(1).map((row, i) => dot(delta[i]!, row));
  return [plain(scale(sum(products), 1 / Math.max(teacher.length - 1, 1)))];
}

/** 1/N² Σ_ij p_ij log((p_ij + 1e-7)/(q_ij + 1e-7)) of the similarities 1 + cos, divided by their row sums. */
export function probabilisticTransfer(teacher: Rows, student: Rows): Result[] {
  const similarities = (rows: Rows) => {
    const unit = rows.map((row) => {
      const length = norm(row);
      return row.map((x) => (length.value === 0 ? num(0) : div(x, shift(length, 1e-7))));
    });
    return unit.flatMap((a) => {
      const row = unit.map((b) => shift(dot(a, b), 1));
      const total = sum(row);
      return row.map((x) => div(x, total));
    });
  };
  const [p, q] = [similarities(teacher), similarities(student)];
  const terms = p.map((x, i) => mul(x, log(div(shift(x, 1e-7), shift(q[i]!, 1e-7)))));
  // The logarithm of a quotient has the quotient's rounding error, even where it is near 0.
  const size = terms.reduce((total, term, i) => total + p[i]!.value + Math.abs(term.value), 0);
  const perPair = 1 / teacher.length ** 2;
  return [{ value: scale(sum(terms), perPair), size: size * perPair }];
}

/** The relative distances of all pairs, at least 1e-6 each, and the cosines of all triples. */
export function relational(
  teacher: Rows,
  student: Rows,
  { distanceWeight, angleWeight }: { distanceWeight: number; angleWeight: number },
): Result[] {
  const n = teacher.length;
  const indices = teacher.map((_, i) => i);
  const relativeDistances = (rows: Rows) => {
    const d = indices.flatMap((i) =>
      indices.map((j) => (i === j ? num(0) : atLeast(norm(minus(rows[i]!, rows[j]!)), 1e-6))),
    );
    const total = scale(sum(d), 1 / Math.max(n * (n - 1), 1));
    return d.map((x) => (x.value === 0 ? x : div(x, total)));
  };
  const cosines = (rows: Rows) =>
    indices.flatMap((k) => {
      const arms = indices.map((i) => {
        return overLength(minus(rows[i]!, rows[k]!), 1e-12);
      });
      return arms.flatMap((a) => arms.map((b) => dot(a, b)));
    });
  const distance = (relation: (rows: Rows) => Num[]) =>
    mean(minus(relation(student), relation(teacher)).map(smoothL1));
  const parts = [
    ...(distanceWeight > 0 ? [scale(distance(relativeDistances), distanceWeight)] : []),
    ...(angleWeight > 0 ? [scale(distance(cosines), angleWeight)] : []),
  ];
  return [ofSquares(sum(parts), distanceWeight + angleWeight)];
}
