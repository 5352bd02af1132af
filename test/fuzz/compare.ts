import * as tf from "@tensorflow/tfjs-core";
import { derivatives } from "../oracles/tape.ts";
import { type Case, type Subject, toNums, toTensor, type Values } from "./case.ts";

/** The largest relative rounding error of a float32, twice: one unit in the last place. */
const UNIT = 2 ** -23;

/** Units in the last place by which each input, and each term of the formula, may be off. */
const UNITS = 32;

/** How often the inputs are moved to measure how much the results depend on their last places. */
const DRAWS = 4;

/**
 * Results below it are not compared, since intermediate results, such as squares divided by 1e-12, are
 * below 1e-37, where float32 loses digits and some backends flush to 0.
 */
const SMALLEST = 1e-30;

/** Results above it are not compared, since intermediate results may be infinite in float32. */
const LARGEST = 1e37;

/** A result as numbers, with the gradient by each variable. */
interface Outcome {
  value: number[];
  gradients: number[][];
}

/** Of the oracle, with the sizes of the terms that each entry is the sum of. */
interface Expected extends Outcome {
  sizes: Outcome;
}

/** The largest errors of a case, relative to the largest entry of the value and of the gradient. */
export interface Errors {
  value: number;
  gradient: number;
}

/**
 * Compares a function with its oracle on one input, in value and gradient; throws where they differ.
 *
 * The oracle computes in float64 from the same float32 inputs. An entry may be off by the sum of
 * - the tolerance times the entry of the value, or times the largest entry of the gradient;
 * - 32 units in the last place of the terms that the entry is the sum of: those of the formula for the
 *   value, those of the chain rule for the gradient;
 * - 32 times the largest change of the entry when each input moves by one unit in the last place. No
 *   computation that rounds its inputs or their products can do better. Equal entries of a tensor
 *   move alike, so that ties stay ties. This part is measured only when the others do not suffice.
 *
 * Where the oracle is NaN, infinite or too large for float32, the result must not be finite. NaN and ∞
 * stand for each other, since the order of operations decides between them. A gradient that is NaN
 * without a NaN in the inputs comes from ∞ − ∞ and is not compared. Logits of −∞ are masks, whose
 * gradients are defined.
 */
export function compare(subject: Subject, input: Case, tolerance: number): void {
  const expected = runOracle(subject, input);
  const { sizes } = expected;
  const actual = runLibrary(subject, input, expected.value.length);
  const bounds = {
    value: expected.value.map((x, i) => tolerance * Math.abs(x) + rounding(sizes.value[i]!)),
    gradients: expected.gradients.map((xs, l) =>
      sizes.gradients[l]!.map((size) => tolerance * largest(xs) + rounding(size)),
    ),
  };
  if (mismatch(subject, input, [actual, expected, bounds])) {
    widen(bounds, expected, subject, input);
    const found = mismatch(subject, input, [actual, expected, bounds]);
    if (found) throw new Error(`${subject.name}: ${found}`);
  }
}

/** The errors of a function on one input, whatever they are. */
export async function relativeErrors(subject: Subject, input: Case): Promise<Errors> {
  const { value, gradients, sizes } = runOracle(subject, input);
  const tensors = callLibrary(subject, input, value.length);
  const [actual, ...slopes] = await Promise.all(tensors.map(async (x) => [...(await x.data())]));
  tf.dispose(tensors);
  return {
    value: relativeError(actual!, value, sizes.value),
    gradient: relativeError(slopes.flat(), gradients.flat(), sizes.gradients.flat()),
  };
}

/** What terms of a size may be off by. */
const rounding = (size: number) => (size < LARGEST ? UNITS * UNIT * size : 0) + SMALLEST;

/** The upstream gradient of each entry of a result. */
export const upstreamOf = ({ upstream }: Case, length: number) =>
  Array.from({ length }, (_, i) => upstream[i % upstream.length]!);

/** Value and gradient by the formula. */
export function runOracle(subject: Subject, input: Case): Expected {
  const variables = input.variables.map(toNums);
  const { hasGradient = true } = subject;
  const results = subject.oracle({ variables, constants: input.constants.map(toNums) }, input);
  const { slopes, sizes } = derivatives(
    results.map(({ value }) => value),
    upstreamOf(input, results.length),
    variables.flatMap(({ data }) => data),
  );
  const split = (numbers: number[]) => {
    const rest = [...numbers];
    return variables.map(({ data }) => rest.splice(0, data.length));
  };
  return {
    value: results.map(({ value }) => value.value),
    gradients: hasGradient ? split(slopes) : [],
    sizes: { value: results.map(({ size }) => size), gradients: split(sizes) },
  };
}

function runLibrary(subject: Subject, input: Case, length: number): Outcome {
  const tensors = callLibrary(subject, input, length);
  const [value, ...gradients] = tensors.map((x) => [...x.dataSync()]);
  tf.dispose(tensors);
  return { value: value!, gradients };
}

/** The value of a function, and its gradient by each variable. */
function callLibrary(subject: Subject, input: Case, length: number): tf.Tensor[] {
  return tf.tidy(() => {
    const constants = input.constants.map(toTensor);
    const variables = input.variables.map(toTensor);
    const call = () => subject.library({ variables, constants }, input);
    if (subject.hasGradient === false) return [call()];
    const batch = input.variables[0]!.shape[0]!;
    const shape = subject.outputShape?.(input) ?? (input.reduction === "NONE" ? [batch] : []);
    const upstream = tf.tensor(upstreamOf(input, length), [...shape]);
    const { value, grads } = tf.engine().gradients(call, variables, upstream, true);
    return [value, ...grads];
  });
}

/** Adds to the bounds what the entries owe to the last places of the inputs. */
function widen(
  bounds: { value: number[]; gradients: number[][] },
  expected: Expected,
  subject: Subject,
  input: Case,
): void {
  const changes = (a: readonly number[], b: readonly number[]) =>
    a.map((x, i) => (Number.isFinite(x - b[i]!) ? Math.abs(x - b[i]!) : 0));
  const moved = Array.from({ length: DRAWS }, (_, draw) => {
    const outcome = runOracle(subject, movedCase(input, draw));
    return {
      value: changes(outcome.value, expected.value),
      gradients: outcome.gradients.map((xs, l) => changes(xs, expected.gradients[l]!)),
    };
  });
  const most = (values: readonly number[]) => UNITS * Math.max(...values);
  bounds.value = bounds.value.map((bound, i) => bound + most(moved.map((x) => x.value[i]!)));
  bounds.gradients = bounds.gradients.map((xs, l) =>
    xs.map((bound, i) => bound + most(moved.map((x) => x.gradients[l]![i]!))),
  );
}

/** Each input one unit in the last place up or down; equal numbers of a tensor alike. */
function movedCase(input: Case, draw: number): Case {
  const tensors = [...input.variables, ...input.constants].map(
    ({ shape, data }, index): Values => ({
      shape,
      data: data.map((x) => x * (1 + UNIT * signOf(x, 64 * draw + index))),
    }),
  );
  return {
    ...input,
    variables: tensors.slice(0, input.variables.length),
    constants: tensors.slice(input.variables.length),
  };
}

/** +1 or −1, by the bits of a number. */
function signOf(x: number, seed: number): number {
  let bits = new Int32Array(Float32Array.of(x).buffer)[0]! ^ Math.imul(seed + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits >>> 16) & 1 ? 1 : -1;
}

/** The first entry that is out of bounds, in words. */
function mismatch(
  subject: Subject,
  input: Case,
  [actual, expected, bounds]: readonly [Outcome, Outcome, Outcome],
): string | undefined {
  const lists = [
    ...valueLists(subject, input, expected.value.length).map(([first, end]) => ({
      name: "value",
      first,
      of: ({ value }: Outcome) => value.slice(first, end),
    })),
    ...expected.gradients.map((_, l) => ({
      name: `gradient ${l}`,
      first: 0,
      of: ({ gradients }: Outcome) => gradients[l]!,
    })),
  ];
  for (const { name, first, of } of lists) {
    const [got, right, bound] = [of(actual), of(expected), of(bounds)];
    if (name !== "value" && !hasNaN(input) && isUndefined(input, got, right)) continue;
    const at = firstOutside(got, right, bound);
    if (at < 0) continue;
    const within = bound[at]!.toPrecision(2);
    return `${name}[${first + at}] is ${got[at]}, expected ${right[at]} within ${within}`;
  }
  return undefined;
}

/** Most losses of a sample depend on no other sample; in a matrix, NaN may spread over all entries. */
const valueLists = (
  { outputShape, mixesSamples }: Subject,
  input: Case,
  length: number,
): (readonly [number, number])[] =>
  outputShape || mixesSamples?.(input)
    ? [[0, length]]
    : Array.from({ length }, (_, i) => [i, i + 1]);

/** A gradient of ∞ − ∞, in the formula or, for inputs of +∞, in the result. */
const isUndefined = (
  { variables, constants }: Case,
  got: readonly number[],
  expected: readonly number[],
): boolean =>
  expected.some(Number.isNaN) ||
  (got.some(Number.isNaN) &&
    [...variables, ...constants].some(({ data }) => data.includes(Number.POSITIVE_INFINITY)));

const hasNaN = ({ variables, constants, labels }: Case) =>
  [...variables, ...constants].some(({ data }) => data.some(Number.isNaN)) ||
  labels?.rows.flat().some(Number.isNaN);

/**
 * The index of the first entry that is out of bounds, or −1. Where the oracle leaves the range of
 * float32 in any entry, the result must do so too, in any entry.
 */
function firstOutside(
  got: readonly number[],
  expected: readonly number[],
  bounds: readonly number[],
) {
  if (expected.every((x) => isInRange(x))) {
    return expected.findIndex((x, i) => !(Math.abs(got[i]! - x) <= bounds[i]!));
  }
  return got.every((x) => isInRange(x, 0.1)) ? expected.findIndex((x) => !isInRange(x)) : -1;
}

const isInRange = (x: number, share = 1) => Math.abs(x) < share * LARGEST;

const largest = (xs: readonly number[]) =>
  xs.reduce((max, x) => (isInRange(x) ? Math.max(max, Math.abs(x)) : max), 0);

/** Relative to the largest entry; 0 where the terms cancel to less than a thousandth, or overflow. */
function relativeError(
  actual: readonly number[],
  expected: readonly number[],
  sizes: readonly number[],
): number {
  const scale = largest(expected);
  if (!expected.every((x) => isInRange(x)) || scale <= 1e-3 * largest(sizes)) return 0;
  return Math.max(0, ...expected.map((x, i) => Math.abs(actual[i]! - x) / scale));
}
