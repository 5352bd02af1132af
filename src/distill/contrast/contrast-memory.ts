import * as tf from "@tensorflow/tfjs-core";
import {
  checkInteger,
  checkNumber,
  checkOptions,
  checkTemperature,
  describe,
  describeValue,
} from "../../internal/checks.ts";
import { checkEmbeddings, checkRowIndices } from "./checks.ts";
import { randomBank, updateContrastBank } from "./contrast-bank.ts";
import { contrastNormalizer } from "./contrast-normalizer.ts";
import { contrastQueueIndices, updateContrastQueue } from "./contrast-queue.ts";
import { crdLoss } from "./crd-loss.ts";
import { sampleContrastIndices } from "./sample-contrast-indices.ts";
import type { ContrastBank, ContrastIndices, ContrastNormalizer } from "./types.ts";

/** Options of {@link ContrastMemory}. */
export interface ContrastMemoryOptions {
  /**
   * `"bank"` (default) has a row for each training sample and needs their indices. `"queue"` has the
   * embeddings of the last batches.
   */
  kind?: "bank" | "queue" | undefined;
  /** The number of training samples for a bank, the length for a queue. */
  size: number;
  /** Width of the embeddings; 128 in the paper. */
  dim: number;
  /** K ≥ 1, the noise rows of a sample; 16384 in the reference. For a bank. */
  negatives?: number | undefined;
  /** One draw of noise rows for the whole batch, which is faster; default false. For a bank. */
  shared?: boolean | undefined;
  /** m within 0–1, the share of the old row in an update; default 0.5. For a bank. */
  momentum?: number | undefined;
  /** T > 0; default 0.07, as in the paper's experiments. */
  temperature?: number | undefined;
  /** An integer ≥ 0 that fixes the initial rows and all draws; default random. */
  seed?: number | undefined;
}

/** Options of `ContrastMemory.loss`. */
export interface ContrastLossOptions {
  /** Whether the memory takes the embeddings in; default true. False in validation. */
  update?: boolean | undefined;
}

/**
 * The memory of contrastive representation distillation (CRD) with all that a step does: it draws noise
 * rows, computes the normalizer from the first batch, computes {@link crdLoss} and takes the embeddings
 * of the batch in. It composes {@link createContrastBank}, {@link sampleContrastIndices},
 * {@link contrastNormalizer} and {@link updateContrastBank}, or the functions of a queue.
 *
 * It owns its tensors. `tensors` and `restore` connect it to a checkpoint:
 * `{tensors: () => memory.tensors(), onRestore: (x) => memory.restore(x)}`. A memory with the same options
 * then continues as if there had been no interruption.
 *
 * Source: Tian, Krishnan, Isola, "Contrastive representation distillation", ICLR 2020
 * (arXiv 1910.10699), section 3.2.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { ContrastMemory, l2Normalize } from "kd-cmi";
 *
 * const memory = new ContrastMemory({ size: 100, dim: 8, negatives: 16, seed: 1 });
 * const indices = tf.tensor1d([7, 42], "int32"); // the batch's rows of the training data
 * const teacherEmbedding = l2Normalize(tf.randomNormal([2, 8]));
 * const studentEmbedding = l2Normalize(tf.randomNormal([2, 8]));
 * const loss = memory.loss(teacherEmbedding, studentEmbedding, indices);
 * memory.dispose();
 * ```
 */
export class ContrastMemory {
  private readonly options: ContrastMemoryOptions;
  private readonly seed: number;
  /** Undefined after `dispose`. */
  private banks: ContrastBank | undefined;
  /** The scalars of the normalizer, [4]; zeros before the first update. */
  private normalizer: tf.Tensor = tf.zeros([4]);
  private steps = 0;
  /** `steps` as a tensor, of the last call of `tensors`. */
  private stepsTensor: tf.Tensor | undefined;

  /** @throws If an option is not as described. */
  constructor(options: ContrastMemoryOptions) {
    const fn = "ContrastMemory";
    const ofBank = ["negatives", "shared", "momentum"] as const;
    checkOptions(fn, options, ["kind", "size", "dim", ...ofBank, "temperature", "seed"]);
    const { kind = "bank", size, dim, negatives, momentum = 0.5, temperature = 0.07 } = options;
    if (kind !== "bank" && kind !== "queue") {
      throw new Error(`${fn}: kind must be "bank" or "queue", got ${describeValue(kind)}`);
    }
    const surplus = ofBank.find((name) => kind === "queue" && options[name] !== undefined);
    if (surplus) throw new Error(`${fn}: ${surplus} is for a bank, got it for a queue`);
    if (kind === "bank") checkInteger(fn, "negatives", negatives ?? Number.NaN, 1);
    checkNumber(fn, "momentum", momentum, { minimum: 0, maximum: 1 });
    checkTemperature(fn, temperature);
    const { seed = Math.floor(Math.random() * 2 ** 32) } = options;
    this.banks = randomBank(fn, { size, dim, seed });
    this.options = { ...options, kind };
    this.seed = seed;
  }

  /**
   * Computes the loss of a batch, and takes its embeddings in. Call it once in a step, also inside
   * `optimizer.minimize`.
   *
   * @param teacherEmbedding float32 [N, dim], rows of length 1; receives a gradient, because its
   * projection is trained too.
   * @param studentEmbedding float32 [N, dim], rows of length 1; receives a gradient.
   * @param rows For a bank: int32 [N], the row of each sample, whose noise rows are drawn, or drawn rows
   * as of {@link crdLoss}. Omitted for a queue.
   * @param options `update`, see {@link ContrastLossOptions}.
   * @returns A scalar in nats, at least 0.
   * @throws If an argument is not as described, or the memory is disposed. The memory is unchanged then.
   */
  loss(
    teacherEmbedding: tf.Tensor,
    studentEmbedding: tf.Tensor,
    rows?: tf.Tensor1D | ContrastIndices,
    options: ContrastLossOptions = {},
  ): tf.Scalar {
    const fn = "ContrastMemory.loss";
    checkOptions(fn, options, ["update"]);
    const { update = true } = options;
    const banks = this.alive(fn);
    const { teacher, student } = checkEmbeddings(fn, teacherEmbedding, studentEmbedding, banks);
    const [n, settings] = [teacher.shape[0], { temperature: this.options.temperature }];
    const isQueue = this.options.kind === "queue";
    if (isQueue && rows !== undefined) {
      throw new Error(`${fn}: rows must be omitted for a queue, got ${describeValue(rows)}`);
    }
    return tf.tidy(() => {
      const pushed = isQueue ? updateContrastQueue(banks, teacher, student) : banks;
      const drawn = isQueue ? contrastQueueIndices(pushed, n) : this.drawn(fn, rows, n);
      const computed =
        this.steps === 0
          ? contrastNormalizer(teacher, student, pushed, drawn, settings)
          : undefined;
      const normalizer = computed ?? unpacked(this.normalizer);
      const loss = crdLoss(teacher, student, { ...pushed, normalizer }, drawn, settings);
      if (update) {
        const own = drawn instanceof tf.Tensor ? column(drawn) : drawn.positives;
        const { momentum } = this.options;
        const moved = isQueue
          ? pushed
          : updateContrastBank(banks, teacher, student, own, { momentum });
        this.replace(moved, computed ? packed(computed) : this.normalizer);
        this.steps += 1;
      }
      return loss;
    });
  }

  /**
   * The state: `teacher` and `student`, float32 [size, dim], `normalizer`, float32 [4], and `steps`, the
   * number of updates, int32. The memory owns the tensors and disposes them at the next update.
   *
   * @throws If the memory is disposed.
   */
  tensors(): Record<string, tf.Tensor> {
    const { teacher, student } = this.alive("ContrastMemory.tensors");
    this.stepsTensor?.dispose();
    this.stepsTensor = tf.keep(tf.scalar(this.steps, "int32"));
    return { teacher, student, normalizer: this.normalizer, steps: this.stepsTensor };
  }

  /**
   * Replaces the state by that of `tensors` of a memory with the same options, and takes ownership of
   * the tensors. It reads the number of updates back at once, which webgpu allows for tensors that come
   * from the CPU, as those of a checkpoint.
   *
   * @throws If a tensor is missing or of another shape, or the memory is disposed.
   */
  restore(tensors: Record<string, tf.Tensor>): void {
    const fn = "ContrastMemory.restore";
    const banks = this.alive(fn);
    const shapes = { teacher: banks.teacher.shape, student: banks.student.shape, normalizer: [4] };
    for (const [name, shape] of Object.entries({ ...shapes, steps: [] })) {
      const x = tensors?.[name];
      const dtype = name === "steps" ? "int32" : "float32";
      const isTensor = x instanceof tf.Tensor;
      if (isTensor && x.dtype === dtype && tf.util.arraysEqual(x.shape, shape)) continue;
      const got = isTensor ? describe(x) : describeValue(x);
      throw new Error(`${fn}: ${name} must be ${dtype} [${shape}], got ${got}`);
    }
    const { teacher, student, normalizer, steps } = tensors as Record<string, tf.Tensor2D>;
    this.steps = steps!.dataSync()[0]!;
    steps!.dispose();
    this.replace({ teacher: teacher!, student: student! }, normalizer!);
  }

  /** Frees all tensors. The memory cannot be used afterwards. */
  dispose(): void {
    if (!this.banks) return;
    tf.dispose([this.banks.teacher, this.banks.student, this.normalizer, this.stepsTensor ?? []]);
    this.banks = undefined;
    this.stepsTensor = undefined;
  }

  private alive(fn: string): ContrastBank {
    if (this.banks) return this.banks;
    throw new Error(`${fn}: the memory is disposed`);
  }

  /** The rows to compare with in a bank. */
  private drawn(fn: string, rows: tf.Tensor | ContrastIndices | undefined, n: number) {
    if (rows !== undefined && !(rows instanceof tf.Tensor && rows.rank < 2)) {
      return rows as ContrastIndices;
    }
    const own = checkRowIndices(fn, "rows", rows as tf.Tensor, n);
    const { size, negatives = 1, shared } = this.options;
    const seed = (this.seed + this.steps) % Number.MAX_SAFE_INTEGER;
    return sampleContrastIndices(own, { negatives, size, seed, shared });
  }

  /** Keeps new tensors, also beyond a `tf.tidy` of the caller, and frees those that they replace. */
  private replace(banks: ContrastBank, normalizer: tf.Tensor): void {
    const old = [this.banks?.teacher, this.banks?.student, this.normalizer];
    const next = [banks.teacher, banks.student, normalizer];
    for (const x of next) tf.keep(x);
    for (const x of old) if (x && !next.includes(x)) x.dispose();
    this.banks = { teacher: banks.teacher, student: banks.student };
    this.normalizer = normalizer;
  }
}

/** The scalars of a normalizer, [4]. */
const packed = ({ teacher, student, logTeacher, logStudent }: ContrastNormalizer): tf.Tensor =>
  tf.stack([teacher, student, logTeacher ?? tf.log(teacher), logStudent ?? tf.log(student)]);

/** The inverse of {@link packed}. */
function unpacked(scalars: tf.Tensor): ContrastNormalizer {
  const [teacher, student, logTeacher, logStudent] = tf.unstack(scalars) as tf.Scalar[];
  return { teacher: teacher!, student: student!, logTeacher, logStudent };
}

/** The first column of drawn rows, int32 [N]. */
const column = (drawn: tf.Tensor2D): tf.Tensor1D =>
  tf.reshape(tf.slice(drawn, [0, 0], [drawn.shape[0], 1]), [-1]);
