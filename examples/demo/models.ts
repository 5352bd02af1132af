import * as tfl from "@tensorflow/tfjs-layers";
import { PIXELS } from "../data/images.ts";

const CLASSES = 10;

/** Fully connected with ReLU between, ending in logits; the same weights for the same seed. */
function perceptron(hidden: readonly number[], seed: number): tfl.LayersModel {
  const model = tfl.sequential();
  for (const [i, units] of [...hidden, CLASSES].entries()) {
    const isLast = i === hidden.length;
    model.add(
      tfl.layers.dense({
        units,
        kernelInitializer: tfl.initializers.glorotUniform({ seed: seed * 10 + i }),
        ...(i === 0 && { inputShape: [PIXELS] }),
        ...(!isLast && { activation: "relu" }),
      }),
    );
  }
  return model;
}

/** 784-256-128-10, 235,000 parameters. */
export const teacherNetwork = (seed: number) => perceptron([256, 128], seed);

/** 784-64-10, 51,000 parameters. */
export const studentNetwork = (seed: number) => perceptron([64], seed);
