import * as tf from "@tensorflow/tfjs-core";
import { hsakdLoss, jointLabels, rotateBatch } from "kd-cmi";
import { jointHeads } from "kd-cmi/layers";
import { layerSeed } from "../models/initial.ts";
import { crossEntropy, distil } from "./distil.ts";
import { headsEpochs } from "./epochs.ts";
import { firstStage } from "./first-stage.ts";
import { allMaps, extractor, onBoth, shapeOf } from "./layers.ts";
import type { Batch, Method, Network, Setup } from "./method.ts";

/**
 * HSAKD with heads on all maps of teacher and student. First the teacher's heads are trained on its
 * fixed maps. Then the student's heads are trained to match them, on all rotations.
 */
export const hsakd: Method = (setup) => {
  const layers = onBoth(setup, allMaps("hsakd"));
  const teacher = buildHeads(setup, setup.teacher, layers.teacherLayers, "teacher");
  const student = buildHeads(setup, setup.student, layers.studentLayers, "student");
  trainHeads(setup, teacher.heads, layers.teacherLayers);

  const { step, dispose } = distil(setup, {
    ...layers,
    parts: [teacher.model, student.model],
    loss(batch) {
      const { labels, teacherLogits, studentLogits } = batch;
      const teacherHeads = teacher.heads(batch.teacherFeatures, { training: false });
      const heads = student.heads(batch.studentFeatures, { training: true });
      const target = { logits: teacherLogits, heads: teacherHeads };
      const loss = hsakdLoss(target, { logits: studentLogits, heads });
      return tf.add(
        crossEntropy({ labels, studentLogits: unrotated(studentLogits as tf.Tensor2D) }),
        tf.mul(loss, setup.strength),
      );
    },
  });
  return { step: (batch) => tf.tidy(() => step(rotated(batch))), dispose };
};

type Heads = (maps: tf.Tensor[], options: { training: boolean }) => tf.Tensor[];

/** Builds the heads as a separate model, so that they can be trained without the network. */
function buildHeads(setup: Setup, network: Network, layers: readonly string[], name: string) {
  const model = jointHeads({
    featureShapes: layers.map((layer) => shapeOf(network, layer)),
    numClasses: setup.numClasses,
    seed: layerSeed(setup.seed, `hsakd ${name}`),
  });
  const heads: Heads = (maps, options) =>
    [model.apply(maps.length === 1 ? maps[0]! : maps, options)].flat() as tf.Tensor[];
  return { model, heads };
}

/** Trains the heads on the joint labels of class and rotation. The teacher runs in inference mode. */
function trainHeads(setup: Setup, heads: Heads, layers: readonly string[]): void {
  const teacher = extractor(setup.teacher, layers);
  firstStage(setup, {
    name: "hsakd",
    epochs: headsEpochs(setup.epochs),
    teacherOutputs: (inputs) => teacher(rotateBatch(inputs)),
    loss(maps, { labels }) {
      const targets = tf.oneHot(jointLabels(labels), 4 * setup.numClasses);
      const losses = heads(maps, { training: true }).map((logits) =>
        tf.losses.softmaxCrossEntropy(targets, logits),
      );
      return tf.addN(losses);
    },
  });
}

/** Rotates the inputs. Labels and indices are those of the unrotated images. */
const rotated = (batch: Batch): Batch => ({ ...batch, inputs: rotateBatch(batch.inputs) });

/** The logits of the unrotated images: every fourth row. */
function unrotated(logits: tf.Tensor2D): tf.Tensor2D {
  const classes = logits.shape[1];
  const images = tf.reshape(logits, [-1, 4 * classes]) as tf.Tensor2D;
  return tf.slice2d(images, [0, 0], [-1, classes]);
}
