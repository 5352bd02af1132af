import type { ModelBuilder } from "./builder.ts";
import { cnns } from "./cnn.ts";
import { camNetwork } from "./cnn-cam.ts";
import { demoMlps, mlps } from "./mlp.ts";
import { mobileNetV2 } from "./mobilenet-v2.ts";
import { plains } from "./plain.ts";
import { resnets } from "./resnet.ts";
import { shuffleNetV1 } from "./shufflenet-v1.ts";
import { shuffleNetV2 } from "./shufflenet-v2.ts";
import { vggs } from "./vgg.ts";
import { wideResnets } from "./wrn.ts";

export type { ModelBuilder, ModelOptions } from "./builder.ts";

/** The networks of RepDistiller's benchmark by their published names, and small ones for the CPU. */
export const models = {
  ...resnets,
  ...wideResnets,
  ...vggs,
  MobileNetV2: mobileNetV2,
  ShuffleNetV1: shuffleNetV1,
  ShuffleNetV2: shuffleNetV2,
  ...plains,
  ...cnns,
  ...mlps,
  ...demoMlps,
  "cnn-cam": camNetwork,
} satisfies Record<string, ModelBuilder>;

export type ModelName = keyof typeof models;
