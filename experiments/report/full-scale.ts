import { stepsOf } from "../pipeline/trainings.ts";
import { recipes } from "../recipe.ts";
import { type StudyName, studies } from "../studies/index.ts";
import type { Section } from "./section.ts";

/** Assumed, not measured: batches of 64 through a teacher and a student on one GPU. */
const STEPS_PER_SECOND = 20;
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
    `Hours are for ${SEEDS} seeds one after another at ${STEPS_PER_SECOND} steps of 64 images a second. This rate is an ` +
      "assumption, not a measurement. A run displays the estimated time left.",
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
