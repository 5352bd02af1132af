import * as tf from "@tensorflow/tfjs-core";
import {
  checkLogits,
  checkNumber,
  checkOptions,
  checkSameShape,
  checkTemperature,
  describeValue,
} from "../../internal/checks.ts";
import { flatRows } from "../../internal/rows.ts";
import { safeLog } from "../../ops/safe-log.ts";
import { softmaxAndLog } from "../../ops/softmax.ts";
import type { Outputs } from "./networks.ts";
import { isPromise, type Teacher, type TeacherOutputs, teacherNetwork } from "./teachers.ts";

/** Options of {@link averageTeachers}. */
export interface AverageTeachersOptions {
  /** A weight > 0 for each teacher; default: all equal. Only their ratios count. */
  weights?: readonly number[] | undefined;
  /**
   * T > 0, at which the probabilities are averaged; default 1. Pass the temperature of the loss, so that
   * `kdLoss` at T compares the student with the exact mean of the teachers' softened probabilities.
   */
  temperature?: number | undefined;
}

/**
 * Makes one teacher of several, whose probabilities are the mean of theirs. The mean of logits would be a
 * geometric mean, which a single confident teacher dominates.
 *
 * $$z = T \log \sum_k w_k \, \mathrm{softmax}(z_k / T), \qquad \sum_k w_k = 1$$
 *
 * The probabilities are averaged in the logarithmic domain, so that classes of small probability keep
 * their ratios.
 *
 * @param teachers At least 1, of any kind that a {@link Distiller} takes: models, or functions of the
 * inputs, also asynchronous ones. Each must return float32 logits of the same shape, [N, C] or
 * [N, …, C], C ≥ 2. Features and other outputs are not used.
 * @param options `weights` and `temperature`, see {@link AverageTeachersOptions}.
 * @returns A teacher: a function of the inputs that returns logits, or a promise if a teacher does.
 * @throws If there is no teacher, a teacher or an option is not as described. The function throws or
 * rejects if logits are missing or differ in shape.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { kdLoss } from "kd-cmi";
 * import { averageTeachers, Distiller } from "kd-cmi/layers";
 *
 * const network = () => tfl.sequential({ layers: [tfl.layers.dense({ units: 3, inputShape: [4] })] });
 * const distiller = new Distiller({
 *   teacher: averageTeachers([network(), network()], { temperature: 4 }),
 *   student: network(),
 *   loss: ({ teacherLogits, studentLogits }) =>
 *     kdLoss(teacherLogits, studentLogits, { temperature: 4 }),
 * });
 * distiller.compile({ optimizer: "adam" });
 * await distiller.fit(tf.randomNormal([32, 4]));
 * ```
 */
export function averageTeachers(
  teachers: readonly Teacher[],
  options: AverageTeachersOptions = {},
): (inputs: tf.Tensor | tf.Tensor[]) => TeacherOutputs | Promise<TeacherOutputs> {
  const fn = "averageTeachers";
  checkOptions(fn, options, ["weights", "temperature"]);
  if (!Array.isArray(teachers) || teachers.length === 0) {
    const got = Array.isArray(teachers) ? "none" : describeValue(teachers);
    throw new Error(`${fn}: teachers must be a list of at least 1, got ${got}`);
  }
  const { weights = teachers.map(() => 1), temperature = 1 } = options;
  checkTemperature(fn, temperature);
  if (!Array.isArray(weights) || weights.length !== teachers.length) {
    const got = Array.isArray(weights) ? weights.length : describeValue(weights);
    throw new Error(`${fn}: weights must be a list of ${teachers.length} numbers, got ${got}`);
  }
  for (const [i, weight] of weights.entries())
    checkNumber(fn, `weights[${i}]`, weight, { above: 0 });
  const total = weights.reduce((a, b) => a + b, 0);
  const logWeights = weights.map((weight) => Math.log(weight / total));
  const networks = teachers.map((teacher) => teacherNetwork(fn, teacher, []));
  const average = (outputs: Outputs[]): TeacherOutputs => {
    try {
      return { logits: tf.tidy(() => meanLogits(fn, outputs, logWeights, temperature)) };
    } finally {
      for (const { logits, features, named } of outputs) tf.dispose([logits, features, named]);
    }
  };
  return (inputs) => {
    const outputs = networks.map((network) => network(inputs));
    return outputs.some(isPromise)
      ? Promise.all(outputs).then(average)
      : average(outputs as Outputs[]);
  };
}

/** T times the logarithm of the weighted mean of the probabilities. */
function meanLogits(
  fn: string,
  outputs: readonly Outputs[],
  logWeights: readonly number[],
  temperature: number,
): tf.Tensor {
  const all = outputs.map(({ logits }, i) => {
    if (!logits) {
      const expected = "a single output [batch,...,classes], or return logits";
      throw new Error(`${fn}: teachers[${i}] must have ${expected}`);
    }
    return checkLogits(fn, `the logits of teachers[${i}]`, logits);
  });
  const terms = all.map((logits, i) => {
    const name = `the logits of teachers[${i}]`;
    const z = checkSameShape(fn, name, logits, "those of teachers[0]", all[0]!);
    return tf.add(softmaxAndLog(flatRows(z), temperature).logP, logWeights[i]!) as tf.Tensor2D;
  });
  const largest = terms.reduce((a, b) => tf.maximum(a, b));
  const sum = tf.addN(terms.map((term) => tf.exp(tf.sub(term, largest))));
  const logMean = tf.add(safeLog(sum), largest) as tf.Tensor2D;
  return tf.reshape(tf.mul(logMean, temperature), all[0]!.shape);
}
