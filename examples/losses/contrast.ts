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
import {
  type Comparison,
  compare,
  crossEntropy,
  LEARNING_RATE,
  type Setup,
  train,
  trainTeacher,
} from "./training.ts";

export const title = "memory banks with a row for each training image (CRD)";

const WEIGHT = 0.8;
const NEGATIVES = 256;
const DIM = 32;

export async function run(setup: Setup): Promise<Comparison> {
  const teacher = featureExtractor(await trainTeacher(setup), ["features"]);
  const student = studentNetwork();
  const outputs = featureExtractor(student, ["features", "logits"]);
  // Both heads are trained along with the student; the teacher is not.
  const teacherHead = contrastProjection({ inputShape: [TEACHER.features], dim: DIM });
  const studentHead = contrastProjection({ inputShape: [STUDENT.features], dim: DIM });
  const optimizer = tf.train.adam(LEARNING_RATE);

  const { studentImages, epochs, log } = setup;
  const size = studentImages.labels.length;
  let bank = createContrastBank({ size, dim: DIM, seed: 1 });
  let steps = 0;
  const losses = await train(
    studentImages,
    epochs,
    ({ inputs, labels, places }) => {
      const indices = tf.tensor1d(places, "int32");
      const drawn = sampleContrastIndices(indices, { negatives: NEGATIVES, size, seed: steps++ });
      const teacherFeatures = teacher.apply(inputs) as tf.Tensor;
      return optimizer.minimize(() => {
        const [features, logits] = outputs.apply(inputs) as [tf.Tensor, tf.Tensor];
        const t = teacherHead.apply(teacherFeatures) as tf.Tensor2D;
        const s = studentHead.apply(features) as tf.Tensor2D;
        bank.normalizer ??= keep(contrastNormalizer(t, s, bank, drawn)); // of the first batch
        const contrast = tf.mul(crdLoss(t, s, bank, drawn), WEIGHT);
        bank = replace(bank, updateContrastBank(bank, t, s, indices));
        return tf.add(crossEntropy(labels, logits), contrast);
      }, true)!;
    },
    log,
  );
  tf.dispose({ ...bank });
  return compare(student, losses, setup);
}

/** Beyond the step that they come from. */
function keep<Pair extends { teacher: tf.Tensor; student: tf.Tensor }>(pair: Pair): Pair {
  tf.keep(pair.teacher);
  tf.keep(pair.student);
  return pair;
}

function replace(old: ContrastBank, updated: ContrastBank): ContrastBank {
  tf.dispose([old.teacher, old.student]);
  return keep(updated);
}
