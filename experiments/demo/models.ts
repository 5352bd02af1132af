import * as tfl from "@tensorflow/tfjs-layers";
import { PIXELS } from "../data/images.ts";
import { mlpLayers } from "../models/mlp.ts";

const CLASSES = 10;

/** Fully connected with ReLU between, ending in logits; the same weights for the same seed. */
const perceptron = (hidden: readonly number[], seed: number): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.inputLayer({ inputShape: [PIXELS] }),
      ...mlpLayers(hidden, CLASSES, (layer) => seed * 10 + layer),
    ],
  });

/** 784-256-128-10, 235,000 parameters. */
export const teacherNetwork = (seed: number) => perceptron([256, 128], seed);

/** 784-64-10, 51,000 parameters. */
export const studentNetwork = (seed: number) => perceptron([64], seed);
