import * as tf from "@tensorflow/tfjs-core";
import { columnsOf } from "../../internal/checks.ts";
import { labelRows } from "../../internal/labels.ts";
import { countedRows, flatLabels, flatRows, rowWeights } from "../../internal/rows.ts";
import { matMul } from "../../ops/mat-mul.ts";

/**
 * Sums of the output probabilities of each class over the batches of an epoch, on the backend: Σ_i t_iy
 * p_i, [C, C], and the numbers of samples Σ_i t_iy, [C, 1].
 */
export class ClassSums {
  private sums: tf.Tensor2D | undefined;
  private counts: tf.Tensor2D | undefined;

  /** Adds a batch: logits [N, …, C] with their labels. Positions of weight 0 do not count. */
  add(labels: tf.Tensor, logits: tf.Tensor, weights?: tf.Tensor): void {
    const before = [this.sums, this.counts];
    [this.sums, this.counts] = tf.tidy((): [tf.Tensor2D, tf.Tensor2D] => {
      const w = weights && rowWeights(weights, logits);
      const rows = labelRows(flatLabels(labels, logits, weights), columnsOf(logits));
      const members = tf.transpose(w ? (tf.mul(rows, w) as tf.Tensor2D) : rows);
      const sums: tf.Tensor2D = matMul(members, tf.softmax(countedRows(flatRows(logits), w)));
      const counts: tf.Tensor2D = tf.sum(members, 1, true);
      const total = (x: tf.Tensor2D, y: tf.Tensor2D | undefined) => tf.keep(y ? tf.add(x, y) : x);
      return [total(sums, this.sums), total(counts, this.counts)] as [tf.Tensor2D, tf.Tensor2D];
    });
    tf.dispose(before.filter((x) => x !== undefined));
  }

  /** The mean of each class. Classes without samples keep their row of `old`, [C, C]. */
  means(old: tf.Tensor2D): tf.Tensor2D {
    const { sums, counts } = this;
    if (!sums || !counts) return tf.clone(old);
    return tf.tidy(() => {
      const isAbsent = tf.cast(tf.equal(counts, 0), "float32");
      return tf.div(tf.add(sums, tf.mul(old, isAbsent)), tf.add(counts, isAbsent));
    });
  }

  reset(): void {
    tf.dispose([this.sums, this.counts].filter((x) => x !== undefined));
    this.sums = undefined;
    this.counts = undefined;
  }
}
