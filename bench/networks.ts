import * as tfl from "@tensorflow/tfjs-layers";
import { models } from "../experiments/models/index.ts";

export const BATCH = 64;

/** A network of a bench: its builder, the shape of its images and its classes. */
interface Network {
  build: () => tfl.LayersModel;
  inputShape: [number, number, number];
  numClasses: number;
}

const small = { inputShape: [28, 28, 1] as [number, number, number], numClasses: 10 };
const cifar = { inputShape: [32, 32, 3] as [number, number, number], numClasses: 100 };
const model = (name: keyof typeof models, of: typeof small): Network => ({
  ...of,
  build: () => models[name]({ ...of, seed: 1 }),
});

/** 784-512-256-10. */
const mlp = () =>
  tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: small.inputShape }),
      tfl.layers.dense({ units: 512, activation: "relu" }),
      tfl.layers.dense({ units: 256, activation: "relu" }),
      tfl.layers.dense({ units: 10 }),
    ],
  });

/** The networks whose training steps are timed. */
export const networks = {
  mlp: { ...small, build: mlp },
  cnn: model("cnn-small", small),
  resnet20: model("resnet20", cifar),
  resnet8x4: model("resnet8x4", cifar),
  MobileNetV2: model("MobileNetV2", cifar),
} satisfies Record<string, Network>;

export type NetworkName = keyof typeof networks;
export const networkNames = Object.keys(networks) as NetworkName[];
