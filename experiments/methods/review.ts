import * as tf from "@tensorflow/tfjs-core";
import { hierarchicalContextLoss } from "kd-cmi";
import { attentionFusion } from "kd-cmi/layers";
import { layerSeed } from "../models/initial.ts";
import { distil, plusCrossEntropy } from "./distil.ts";
import { allMaps, beforeRelu, shapeOf } from "./layers.ts";
import type { Method, Network } from "./method.ts";
import { warmUp } from "./warm-up.ts";

/** mdistiller's weight on CIFAR-100. */
const WEIGHT = 5;

/**
 * ReviewKD with mdistiller's stages: all maps, those of the teacher before ReLU, and the embedding as
 * the coarsest map.
 */
export const review: Method = (setup) => {
  const { teacher, student } = setup;
  const maps = allMaps("review");
  const teacherLayers = [
    ...maps(teacher).map((map) => beforeRelu(teacher, map)),
    teacher.embedding,
  ];
  const studentLayers = [...maps(student), student.embedding];
  const shapesOf = (network: Network, layers: string[]) =>
    layers.map((layer) => asMap(shapeOf(network, layer)));
  const fusion = attentionFusion({
    studentShapes: shapesOf(student, studentLayers),
    teacherShapes: shapesOf(teacher, teacherLayers),
    seed: layerSeed(setup.seed, "review"),
  });
  const rising = warmUp(setup);

  return distil(setup, {
    teacherLayers,
    studentLayers,
    parts: [fusion],
    loss(batch) {
      const [teacherMaps, studentMaps] = [batch.teacherFeatures, batch.studentFeatures].map((all) =>
        all.map((x) => tf.reshape(x, [x.shape[0]!, ...asMap(x.shape.slice(1))])),
      );
      const fused = fusion.apply(studentMaps!, { training: true }) as tf.Tensor[];
      const weight = WEIGHT * rising(batch.labels.shape[0]!);
      const context = () => hierarchicalContextLoss(teacherMaps!, fused);
      return plusCrossEntropy(setup, weight, context)(batch);
    },
  });
};

/** Treats the shape of an embedding as that of a map with one position. */
const asMap = (shape: number[]) => (shape.length === 1 ? [1, 1, ...shape] : shape);
