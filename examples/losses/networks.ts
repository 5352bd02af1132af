import * as tfl from "@tensorflow/tfjs-layers";
import { PIXELS, SIDE } from "../data/images.ts";

/** Two convolutions, [14, 14] and [7, 7], a layer of features, and the logits of ten classes. */
function convolutional([low, high]: [number, number], features: number, seed: number) {
  const { layers, initializers } = tfl;
  const kernelInitializer = () => initializers.heNormal({ seed: seed++ });
  const convolution = (name: string, filters: number) =>
    layers.conv2d({
      name,
      filters,
      kernelSize: 3,
      strides: 2,
      padding: "same",
      activation: "relu",
      kernelInitializer: kernelInitializer(),
    });
  const dense = (name: string, units: number, activation: "relu" | "linear") =>
    layers.dense({ name, units, activation, kernelInitializer: kernelInitializer() });
  return tfl.sequential({
    layers: [
      layers.reshape({ targetShape: [SIDE, SIDE, 1], inputShape: [PIXELS] }),
      convolution("low", low),
      convolution("high", high),
      layers.flatten(),
      dense("features", features, "relu"),
      dense("logits", 10, "linear"),
    ],
  });
}

export const TEACHER = { low: 16, high: 32, features: 64 };
export const STUDENT = { low: 4, high: 8, features: 16 };

/** 106,000 parameters. */
export const teacherNetwork = () =>
  convolutional([TEACHER.low, TEACHER.high], TEACHER.features, 100);

/** 6,800 parameters, the same at the start each time. */
export const studentNetwork = () =>
  convolutional([STUDENT.low, STUDENT.high], STUDENT.features, 200);
