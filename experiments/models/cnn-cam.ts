import * as tfl from "@tensorflow/tfjs-layers";
import { LOGITS, modelBuilder } from "./builder.ts";

/** Three convolutions and logits: 55,000 parameters, and maps of 7×7 positions for 28×28×1 images. */
export const camNetwork = modelBuilder(
  ({ inputShape, numClasses, seed }) => {
    const { layers, initializers } = tfl;
    let next = 10 * seed;
    const convolution = (filters: number, strides: number, name: string) =>
      layers.conv2d({
        name,
        filters,
        strides,
        kernelSize: 3,
        padding: "same",
        activation: "relu",
        kernelInitializer: initializers.heNormal({ seed: next++ }),
      });
    return tfl.sequential({
      name: "cnn-cam",
      layers: [
        layers.inputLayer({ inputShape: [...inputShape] }),
        convolution(16, 2, "low"),
        convolution(32, 1, "middle"),
        convolution(64, 2, "maps"),
        layers.flatten({ name: "flatten" }),
        layers.dense({
          name: LOGITS,
          units: numClasses,
          kernelInitializer: initializers.glorotUniform({ seed: next++ }),
        }),
      ],
    });
  },
  { maps: ["low", "middle", "maps"], embedding: "flatten" },
);
