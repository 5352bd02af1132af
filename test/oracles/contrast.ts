import { logSoftmax } from "./logits.ts";
import { div, dot, log, logSumExp, type Num, norm, num, scale, shift, sub } from "./tape.ts";
import { plain, type Result, sumOfTerms, withSize } from "./terms.ts";

type Rows = readonly (readonly Num[])[];

/** Rows of a bank for each sample: its own, and the noise. */
export interface Drawn {
  positives: readonly number[];
  negatives: readonly (readonly number[])[];
}

const EPSILON = 1e-7;

/** The scores ⟨v_i, w_ik⟩/T of each sample, its own row first. */
const scoresOf = (embeddings: Rows, bank: Rows, drawn: Drawn, temperature: number) =>
  embeddings.map((v, i) =>
    [drawn.positives[i]!, ...drawn.negatives[i]!].map((row) =>
      scale(dot(v, bank[row]!), 1 / temperature),
    ),
  );

/** log Z, the logarithm of M times the mean of the exponentials of all scores; a constant. */
export function logNormalizer(embeddings: Rows, bank: Rows, drawn: Drawn, temperature: number) {
  const scores = scoresOf(embeddings, bank, drawn, temperature).flat();
  return num(logSumExp(scores).value + Math.log(bank.length / scores.length));
}

/** One side of the loss, with log P = score − log Z. */
export function contrastSide(
  embeddings: Rows,
  bank: Rows,
  drawn: Drawn,
  { logZ, temperature }: { logZ: Num; temperature: number },
): Result {
  const share = drawn.negatives[0]!.length / bank.length;
  const logNoise = num(Math.log(share + EPSILON));
  const terms = scoresOf(embeddings, bank, drawn, temperature).flatMap((scores) => {
    const [positive, ...negatives] = scores.map((score) => sub(score, logZ));
    return [
      sub(logSumExp([positive!, logNoise]), positive!),
      ...negatives.map((logP) => shift(logSumExp([logP, logNoise]), -Math.log(share))),
    ];
  });
  // The logarithms of probabilities near 1 have the rounding error of the probabilities.
  return withSize(sumOfTerms(terms, 1 / embeddings.length), terms.length / embeddings.length);
}

/** Z as the normalizer of one side. */
export const logOf = (z: number): Num => log(num(z));

/** Cross-entropy of finding the teacher's row from the student's and the reverse, over the batch. */
export function inBatchContrast(teacher: Rows, student: Rows, temperature: number): Result[] {
  const direction = (from: Rows, to: Rows) =>
    from.map((v, i) => logSoftmax(to.map((w) => scale(dot(v, w), 1 / temperature)))[i]!);
  const terms = [...direction(student, teacher), ...direction(teacher, student)];
  return [withSize(sumOfTerms(terms, -1 / teacher.length), 2)];
}

/** Rows of length 1; zeros stay zeros, with the derivative 0. */
export const unitRows = (rows: Rows): Result[] =>
  rows.flatMap((row) => {
    const length = norm(row);
    return row.map((x) => plain(length.value === 0 ? num(0) : div(x, length)));
  });
