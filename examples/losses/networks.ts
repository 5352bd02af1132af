import * as tfl from "@tensorflow/tfjs-layers";
import { PIXELS, SIDE } from "../../experiments/data/images.ts";
import { type CnnSizes, cnnLayers, LARGER, SMALLER } from "../../experiments/models/cnn.ts";

export const TEACHER = LARGER;
export const STUDENT = SMALLER;

/** Two convolutions, [14, 14] and [7, 7], a layer of features, and the logits of ten classes. */
const network = (sizes: CnnSizes, seed: number) =>
  tfl.sequential({
    layers: [
      tfl.layers.reshape({ targetShape: [SIDE, SIDE, 1], inputShape: [PIXELS] }),
      ...cnnLayers(sizes, 10, (layer) => seed + layer),
    ],
  });

/** 106,000 parameters. */
export const teacherNetwork = () => network(TEACHER, 100);

/** 6,800 parameters, the same at the start each time. */
export const studentNetwork = () => network(STUDENT, 200);
