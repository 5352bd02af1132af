import * as tfl from "@tensorflow/tfjs-layers";

/** Channels of the feature maps and units of the dense layer. */
export const TEACHER = { low: 16, high: 32, features: 64 };
export const STUDENT = { low: 4, high: 8, features: 16 };

/** Two convolutions, [14, 14] and [7, 7], a dense layer of features, and the logits of ten classes. */
function network({ low, high, features }: typeof TEACHER, seed: number): tfl.LayersModel {
  const { layers } = tfl;
  const he = (layer: number) => tfl.initializers.heNormal({ seed: seed + layer });
  const convolution = { kernelSize: 3, strides: 2, padding: "same", activation: "relu" } as const;
  return tfl.sequential({
    layers: [
      layers.reshape({ targetShape: [28, 28, 1], inputShape: [784] }),
      layers.conv2d({ ...convolution, name: "low", filters: low, kernelInitializer: he(0) }),
      layers.conv2d({ ...convolution, name: "high", filters: high, kernelInitializer: he(1) }),
      layers.flatten(),
      layers.dense({
        name: "features",
        units: features,
        activation: "relu",
        kernelInitializer: he(2),
      }),
      layers.dense({ name: "logits", units: 10, kernelInitializer: he(3) }),
    ],
  });
}

/** 106,000 parameters. */
export const teacherNetwork = () => network(TEACHER, 100);

/** 6,800 parameters, with the same initial weights each time. */
export const studentNetwork = () => network(STUDENT, 200);
