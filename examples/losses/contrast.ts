import * as tf from "@tensorflow/tfjs-core";
import {
  type ContrastBank,
  contrastNormalizer,
  crdLoss,
  createContrastBank,
  sampleContrastIndices,
  updateContrastBank,
} from "kd-cmi";
import { contrastProjection, featureExtractor } from "kd-cmi/layers";
import { STUDENT, studentNetwork, TEACHER } from "./networks.ts";
import { crossEntropy, distil, LEARNING_RATE, type Setup, trainTeacher } from "./training.ts";

export const title = "memory banks with a row for each training image (CRD)";

const WEIGHT = 0.8;
const NEGATIVES = 256;
const DIM = 32;

export async function run(setup: Setup) {
  const teacher = featureExtractor(await trainTeacher(setup), ["features"]);
  const student = studentNetwork();
  const outputs = featureExtractor(student, ["features", "logits"]);
  // Both projection heads are trained with the student. The teacher is not trained.
  const teacherHead = contrastProjection({ inputShape: [TEACHER.features], dim: DIM });
  const studentHead = contrastProjection({ inputShape: [STUDENT.features], dim: DIM });
  const optimizer = tf.train.adam(LEARNING_RATE);

  const size = setup.studentImages.labels.shape[0];
  let bank = createContrastBank({ size, dim: DIM, seed: 1 });
  let steps = 0;
  const comparison = await distil(setup, student, ({ inputs, labels, indices }) => {
    const drawn = sampleContrastIndices(indices, { negatives: NEGATIVES, size, seed: steps++ });
    const teacherFeatures = teacher.apply(inputs) as tf.Tensor;
    return optimizer.minimize(() => {
      const [features, logits] = outputs.apply(inputs) as [tf.Tensor, tf.Tensor];
      const t = teacherHead.apply(teacherFeatures) as tf.Tensor2D;
      const s = studentHead.apply(features) as tf.Tensor2D;
      bank.normalizer ??= keep(contrastNormalizer(t, s, bank, drawn)); // from the first batch
      const contrast = tf.mul(crdLoss(t, s, bank, drawn), WEIGHT);
      bank = replace(bank, updateContrastBank(bank, t, s, indices));
      return tf.add(crossEntropy(labels, logits), contrast);
    }, true)!;
  });
  tf.dispose({ ...bank });
  return comparison;
}

/** Keeps tensors beyond the step that computes them. */
function keep<Pair extends { teacher: tf.Tensor; student: tf.Tensor }>(pair: Pair): Pair {
  tf.keep(pair.teacher);
  tf.keep(pair.student);
  return pair;
}

function replace(old: ContrastBank, updated: ContrastBank): ContrastBank {
  tf.dispose([old.teacher, old.student]);
  return keep(updated);
}
