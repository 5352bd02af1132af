import type { Outcomes } from "../outcomes.ts";
import type { Recipe } from "../recipe.ts";
import type { Study } from "../studies/index.ts";

/** How all experiments of a recipe are done. */
export function protocolOf({ images, teacher, lambda, student, maps }: Recipe): string {
  const { epochs } = teacher.schedule;
  return (
    `A seed draws ${images.train} training and ${images.validation} validation images. Its teacher ` +
    `(${teacher.network}; ${maps.teacher.network} where feature maps are needed) is trained with cross-entropy for ` +
    `${epochs} epochs (${maps.teacher.schedule.epochs}); control and MCMI are its continuations of the same length, with ` +
    `λ = 0 and with λ = ${lambda} (${maps.lambda}). Students (${student}; ${maps.student}) of a seed start from the ` +
    "same weights and see the same batches. Choices are made on validation images, accuracies are on the " +
    "data set's test images. Numbers are means over seeds ± standard error; differences are paired by seed, " +
    "in brackets their 95 % interval by Student's t."
  );
}

/** What an experiment asks, and how often it was done. */
export const questionOf = ({ question }: Study, { seeds }: Outcomes, backend: string): string =>
  `${question} ${seeds.length} seed(s) on ${backend}.`;
