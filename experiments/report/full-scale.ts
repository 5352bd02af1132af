import { stepsOf } from "../pipeline/trainings.ts";
import { recipes } from "../recipe.ts";
import { type StudyName, studies } from "../studies/index.ts";
import type { Section } from "./section.ts";

/** Batches of 64 through resnet20, forward and backward, with nothing else on the GPU. */
const STEPS_PER_SECOND = 6.5;
const SEEDS = 5;

/** How to run the experiments on CIFAR, and the expected time. */
export const fullScale = (): Section => ({
  title: "At full scale",
  text: [
    "Nothing in this section has been run. The recipe is that of the thesis: " +
      `${recipes.full.teacher.network} and ${recipes.full.student}, 240 epochs of SGD with augmentation. ` +
      "For CIFAR-10 give --dataset cifar10. For CIFAR-100 unpack its binary version " +
      "(https://www.cs.toronto.edu/~kriz/cifar.html) and pass the folder. Use a GPU through WebGPU. After an " +
      "interruption, --resume continues the run.",
    `Hours are for ${SEEDS} seeds one after another at ${STEPS_PER_SECOND} steps of 64 images a second, as ` +
      `measured with ${recipes.full.student} on an NVIDIA H200. ${recipes.full.teacher.network} is slower, and small ` +
      "networks are faster: the teacher of the recipe for two cores takes two minutes there. A run displays the " +
      "estimated time left.",
  ],
  table: {
    head: ["command", "runs", "million steps", "hours"],
    rows: (Object.keys(studies) as StudyName[]).map((name) => {
      const plans = studies[name].plans(recipes.full);
      const steps = SEEDS * stepsOf(plans);
      return [
        `npm run experiment -- ${name} --dataset cifar10 --scale full --backend webgpu --workers 1`,
        String(SEEDS * plans.length),
        (steps / 1e6).toFixed(1),
        String(Math.round(steps / STEPS_PER_SECOND / 3600)),
      ];
    }),
  },
  charts: [],
});
