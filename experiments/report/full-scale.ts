import type { Schedule } from "../common/optimizer.ts";
import { type Plan, withoutFineTuning } from "../plan.ts";
import { recipes } from "../recipe.ts";
import { type StudyName, studies } from "../studies/index.ts";
import type { Section } from "./section.ts";

/** Assumed, since nobody has run them: a batch of 64 through a teacher and a student on one GPU. */
const STEPS_PER_SECOND = 20;
const SEEDS = 5;

/** How the experiments are run on CIFAR, and how long that takes. */
export const fullScale = (): Section => ({
  title: "At full scale",
  text: [
    "Nothing in this section has been run. The recipe for coloured images is that of the thesis: " +
      `${recipes.full.teacher.network} and ${recipes.full.student}, 240 epochs of SGD with augmentation. ` +
      "Unpack the binary version of CIFAR-10 or CIFAR-100 (https://www.cs.toronto.edu/~kriz/cifar.html), " +
      "name the folder, and take a GPU by WebGPU. A run that is cut off goes on with --resume.",
    `Hours are those of ${SEEDS} seeds one after another at ${STEPS_PER_SECOND} steps of 64 images a second, which is an ` +
      "assumption and not a measurement; the display of a run says how long it will take.",
  ],
  table: {
    head: ["command", "runs", "million steps", "hours"],
    rows: (Object.keys(studies) as StudyName[]).map((name) => {
      const plans = studies[name].plans(recipes.full);
      const steps = SEEDS * stepsOf(plans);
      return [
        `npm run experiment -- ${name} --dataset cifar-100-binary --backend webgpu --workers 1`,
        String(SEEDS * plans.length),
        (steps / 1e6).toFixed(1),
        String(Math.round(steps / STEPS_PER_SECOND / 3600)),
      ];
    }),
  },
  charts: [],
});

/** Steps of all training in the runs of a seed; teachers are trained once. */
export function stepsOf(plans: readonly Plan[]): number {
  const steps = ({ epochs, batchSize }: Schedule, images: number) =>
    epochs * Math.ceil(images / batchSize);
  const teachers = new Map<string, number>();
  let students = 0;
  for (const { images, teacher, student } of plans) {
    const { epoch, ...start } = withoutFineTuning(teacher);
    teachers.set(JSON.stringify([images, start]), steps(teacher.schedule, images.train));
    const { fineTuning } = teacher;
    if (fineTuning) {
      const key = JSON.stringify([images, teacher]);
      teachers.set(key, steps(fineTuning.schedule, images.train));
    }
    if (student) students += steps(student.schedule, student.share * images.train);
  }
  return [...teachers.values()].reduce((a, b) => a + b, students);
}
