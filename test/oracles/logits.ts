import {
  atLeast,
  bernoulliDivergence,
  div,
  divergenceTerm,
  dot,
  exp,
  expm1,
  log,
  logSumExp,
  mean,
  mul,
  type Num,
  norm,
  num,
  scale,
  shift,
  sub,
  sum,
  weigh,
} from "./tape.ts";
import { plain, type Result, sumOfResults, sumOfTerms, withSize } from "./terms.ts";

type Rows = readonly (readonly Num[])[];

const transpose = (rows: Rows): Num[][] => rows[0]!.map((_, c) => rows.map((row) => row[c]!));
const scaled = (row: readonly Num[], factor: number) => row.map((x) => scale(x, factor));

export function logSoftmax(logits: readonly Num[]): Num[] {
  const total = logSumExp(logits);
  return logits.map((x) => sub(x, total));
}

/** Σ_c p (log p − log q) of two distributions given by their logarithms. */
function divergence(logP: readonly Num[], logQ: readonly Num[]): Result {
  const { size } = sumOfTerms(logP.map((x, c) => weigh(exp(x), sub(x, logQ[c]!))));
  return { value: sum(logP.map((x, c) => divergenceTerm(x, logQ[c]!))), size };
}

/** T² KL(softmax(teacher/T) ‖ softmax(student/T)) of each sample. */
export const kd = (teacher: Rows, student: Rows, temperature: number): Result[] =>
  teacher.map((row, i) => {
    const [p, q] = [row, student[i]!].map((z) => logSoftmax(scaled(z, 1 / temperature)));
    return sumOfResults([divergence(p!, q!)], temperature ** 2);
  });

/** T²/K Σ_k KL(σ(teacher_k/T) ‖ σ(student_k/T)) of each sample. */
export const binaryKd = (teacher: Rows, student: Rows, temperature: number): Result[] =>
  teacher.map((row, i) => {
    const labels = row.map((t, k) => {
      const [a, b] = [t, student[i]![k]!].map((z) => scale(z, 1 / temperature)) as [Num, Num];
      return plain(bernoulliDivergence(a, b));
    });
    return sumOfResults(labels, temperature ** 2 / row.length);
  });

/** T² [α KL(bᵗ ‖ bˢ) + β KL(p̂ᵗ ‖ p̂ˢ)] of each sample. The target class has the largest label. */
export const dkd = (
  labels: readonly number[][],
  teacher: Rows,
  student: Rows,
  { alpha, beta, temperature }: { alpha: number; beta: number; temperature: number },
): Result[] =>
  labels.map((row, i) => {
    const target = row.indexOf(Math.max(...row));
    const parts = [teacher[i]!, student[i]!].map((z) => {
      const logP = logSoftmax(scaled(z, 1 / temperature));
      const others = logP.filter((_, c) => c !== target);
      return { binary: [logP[target]!, logSumExp(others)], others: logSoftmax(others) };
    });
    const [t, s] = parts as [(typeof parts)[0], (typeof parts)[0]];
    return sumOfResults(
      [
        sumOfResults([divergence(t.binary, s.binary)], alpha),
        sumOfResults([divergence(t.others, s.others)], beta),
      ],
      temperature ** 2,
    );
  });

/** Pearson's correlation, with 1e-8 added to the divisor. */
function correlation(a: readonly Num[], b: readonly Num[]): Num {
  const [x, y] = [a, b].map((xs) => {
    const centre = mean(xs);
    return xs.map((value) => sub(value, centre));
  }) as [Num[], Num[]];
  return div(dot(x, y), shift(mul(norm(x), norm(y)), 1e-8));
}

interface Probabilities {
  rows: Num[][];
  columns: Num[][];
}

/**
 * Softened probabilities minus 1/C as rows, and either these or the probabilities as columns, whichever
 * are smaller. float64 loses the differences of nearly equal probabilities.
 */
function probabilities(logits: Rows, temperature: number): Probabilities {
  const rows = logits.map((row) => {
    const z = scaled(row, 1 / temperature);
    const largest = Math.max(...z.map(({ value }) => value));
    const y = z.map((x) => expm1(shift(x, -largest)));
    const [centre, total] = [mean(y), shift(sum(y), y.length)];
    return y.map((x) => div(sub(x, centre), total));
  });
  const p = logits.map((row) => logSoftmax(scaled(row, 1 / temperature)).map(exp));
  const whole = transpose(p);
  const columns = transpose(rows).map((column, c) => {
    const isNear = column.every(({ value }) => Math.abs(value) < 1 / (2 * rows[0]!.length));
    return isNear ? column : whole[c]!;
  });
  return { rows, columns };
}

/** T² [β mean_i (1 − ρ of the rows) + γ mean_c (1 − ρ of the columns)] */
export function dist(
  teacher: Rows,
  student: Rows,
  { beta, gamma, temperature }: { beta: number; gamma: number; temperature: number },
): Result[] {
  const [p, q] = [teacher, student].map((rows) => probabilities(rows, temperature)) as [
    Probabilities,
    Probabilities,
  ];
  const distances = (a: Rows, b: Rows) => a.map((row, i) => sub(num(1), correlation(row, b[i]!)));
  const inter = scale(mean(distances(p.rows, q.rows)), beta);
  const intra = scale(mean(distances(p.columns, q.columns)), gamma);
  const value = scale(sum([inter, intra]), temperature ** 2);
  // 1 − ρ cancels where the two agree.
  return [{ value, size: 2 * (beta + gamma) * temperature ** 2 }];
}

/** (z − z̄)/(1e-7 + s) of each row, s the standard deviation with C − 1. */
export const standardize = (logits: Rows): Result[] =>
  logits.flatMap((row) => {
    const centre = mean(row);
    const centred = row.map((x) => sub(x, centre));
    const deviation = scale(norm(centred), 1 / Math.sqrt(Math.max(row.length - 1, 1)));
    return centred.map((x) => plain(div(x, shift(deviation, 1e-7))));
  });

/** Q_y, the mean of the probabilities weighted by the labels of class y; uniform for absent classes. */
export const centroids = (labels: readonly number[][], logits: Rows): Num[][] => {
  const p = logits.map((row) => logSoftmax(row).map(exp));
  return labels[0]!.map((_, y) => {
    const weights = labels.map((row) => row[y]!);
    const total = weights.reduce((a, b) => a + b);
    return labels[0]!.map((_, c) =>
      total === 0
        ? num(1 / labels[0]!.length)
        : scale(sum(p.map((row, i) => scale(row[c]!, weights[i]!))), 1 / total),
    );
  });
};

/**
 * Rows d Q_y + (1 − d) Q_y^batch over their sum. Rows of absent classes are unchanged.
 */
export const movedCentroids = (
  old: Rows,
  labels: readonly number[][],
  logits: Rows,
  decay: number,
): Result[] => {
  const batch = centroids(labels, logits);
  return old.flatMap((row, y) => {
    if (labels.every((weights) => weights[y] === 0)) return row.map(plain);
    const mixed = row.map((x, c) => sum([scale(x, decay), scale(batch[y]![c]!, 1 - decay)]));
    const total = sum(mixed);
    return mixed.map((x) => plain(div(x, total)));
  });
};

/** Σ_y t_iy KL(p_i ‖ Q_y) of each sample. Entries of Q below 1e-37 count as 1e-37. */
export const cmi = (labels: readonly number[][], logits: Rows, q: Rows): Result[] =>
  logits.map((row, i) => {
    const logP = logSoftmax(row);
    const parts = labels[i]!.map((weight, y): Result => {
      if (weight === 0) return plain(num(0));
      const logQ = q[y]!.map((x) => log(atLeast(x, 1e-37)));
      const terms = logP.map((x, c) => weigh(exp(x), sub(x, logQ[c]!)));
      const sizes = logP.map((x, c) =>
        weigh(exp(x), num(1 + Math.abs(x.value) + Math.abs(logQ[c]!.value))),
      );
      const size = sizes.reduce((total, x) => total + x.value, 0);
      return sumOfResults([{ value: sum(terms), size }], weight);
    });
    return sumOfResults(parts);
  });

/** Cross-entropy against the smoothed labels minus λ times {@link cmi}, of each sample. */
export const mcmi = (
  labels: readonly number[][],
  logits: Rows,
  q: Rows,
  { lambda, labelSmoothing }: { lambda: number; labelSmoothing: number },
): Result[] => {
  const information = cmi(labels, logits, q);
  return logits.map((row, i) => {
    const target = labels[i]!.map((t) => (1 - labelSmoothing) * t + labelSmoothing / row.length);
    const logP = logSoftmax(row);
    const terms = target.map((t, c) => weigh(num(t), logP[c]!));
    // The logarithm of a probability near 1 has the rounding error of the probability.
    const crossEntropy = withSize(sumOfTerms(terms, -1), 1);
    return lambda === 0
      ? crossEntropy
      : sumOfResults([crossEntropy, sumOfResults([information[i]!], -lambda)]);
  });
};

/** Mean cross-entropy plus λ times the mean {@link cmi} minus β times the separation of the batch. */
export const cmic = (
  labels: readonly number[][],
  logits: Rows,
  q: Rows,
  { lambda, beta }: { lambda: number; beta: number },
): Result[] => {
  const n = logits.length;
  const information = mcmi(labels, logits, q, { lambda: -lambda, labelSmoothing: 0 });
  const logs = logits.map(logSoftmax);
  const pairs = logs.flatMap((logP, i) =>
    logs.map((logQ, j): Result => {
      const differ = 1 - labels[i]!.reduce((total, t, y) => total + t * labels[j]![y]!, 0);
      if (differ === 0) return plain(num(0));
      return sumOfResults([sumOfTerms(logP.map((x, c) => weigh(exp(x), logQ[c]!)))], differ);
    }),
  );
  const samples = sumOfResults(information, 1 / n);
  return [beta === 0 ? samples : sumOfResults([samples, sumOfResults(pairs, beta / n ** 2)])];
};

/** T²/4N Σ_i [KL of the classes + Σ_l KL of head l]. */
export const hsakd = (
  teacher: readonly Rows[],
  student: readonly Rows[],
  temperature: number,
): Result[] => {
  const losses = teacher.flatMap((rows, l) => kd(rows, student[l]!, temperature));
  return [sumOfResults(losses, 1 / teacher[0]!.length)];
};
