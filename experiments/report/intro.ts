import { countOf } from "../common/text.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Recipe } from "../recipe.ts";
import type { Study } from "../studies/index.ts";

/** The protocol of all experiments of a recipe. */
export function protocolOf({ images, teacher, lambda, student, maps }: Recipe): string {
  const { epochs } = teacher.schedule;
  return (
    `Each seed draws ${images.train} training and ${images.validation} validation images. Its teacher ` +
    `(${teacher.network}; ${maps.teacher.network} where feature maps are needed) is trained with cross-entropy for ` +
    `${epochs} epochs (${maps.teacher.schedule.epochs}). Control and MCMI are its continuations of equal length, with ` +
    `λ = 0 and with λ = ${lambda} (${maps.lambda}). All students (${student}; ${maps.student}) of a seed start from the ` +
    "same weights and see the same batches. Choices are made on validation images. Accuracies are measured " +
    "on the data set's test images. Numbers are means over seeds ± standard error. Differences are paired " +
    "by seed and have a 95 % CI by Student's t in brackets."
  );
}

/** The question of an experiment, and the number of its seeds. */
export const questionOf = ({ question }: Study, { seeds }: Outcomes, backend: string): string =>
  `${question} ${countOf(seeds.length, "seed")} on ${backend}.`;
