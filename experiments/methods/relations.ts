import * as tf from "@tensorflow/tfjs-core";
import { correlationLoss, pktLoss, rkdLoss, similarityLoss } from "kd-cmi";
import { linearEmbedding } from "kd-cmi/layers";
import { layerSeed } from "../models/initial.ts";
import { distil, plusCrossEntropy } from "./distil.ts";
import { embedding, lastMap, onBoth, shapeOf } from "./layers.ts";
import type { Method, Network } from "./method.ts";

export const sp: Method = (setup) =>
  distil(setup, {
    ...onBoth(setup, lastMap("sp")),
    loss: plusCrossEntropy(setup, 3000, ({ teacherFeatures, studentFeatures }) =>
      similarityLoss(teacherFeatures, studentFeatures),
    ),
  });

export const rkd: Method = (setup) =>
  distil(setup, {
    ...onBoth(setup, embedding),
    loss: plusCrossEntropy(setup, 1, ({ teacherFeatures, studentFeatures }) =>
      rkdLoss(teacherFeatures[0]!, studentFeatures[0]!, { distanceWeight: 25, angleWeight: 50 }),
    ),
  });

export const pkt: Method = (setup) =>
  distil(setup, {
    ...onBoth(setup, embedding),
    loss: plusCrossEntropy(setup, 30000, ({ teacherFeatures, studentFeatures }) =>
      pktLoss(teacherFeatures[0]!, studentFeatures[0]!),
    ),
  });

/** As in RepDistiller, with a trained projection of each embedding. */
export const cc: Method = (setup) => {
  const projection = (network: Network, name: string) => {
    const inputShape = shapeOf(network, network.embedding);
    return linearEmbedding({ inputShape, seed: layerSeed(setup.seed, `cc ${name}`) });
  };
  const teacherPart = projection(setup.teacher, "teacher");
  const studentPart = projection(setup.student, "student");
  return distil(setup, {
    ...onBoth(setup, embedding),
    parts: [teacherPart, studentPart],
    loss: plusCrossEntropy(setup, 0.02, ({ teacherFeatures, studentFeatures }) => {
      const teacher = teacherPart.apply(teacherFeatures[0]!) as tf.Tensor;
      const student = studentPart.apply(studentFeatures[0]!) as tf.Tensor;
      // The loss treats its first argument as a constant, but depends only on the difference.
      const difference = tf.sub(student, teacher);
      return correlationLoss(tf.zerosLike(difference), difference);
    }),
  });
};
