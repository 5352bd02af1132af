import { formatInterval } from "../common/statistics.ts";
import { countOf } from "../common/text.ts";
import { CIFAR_10 } from "../data/known.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Recipe } from "../recipe.ts";
import { FIXED_Q, NO_TEACHER } from "../studies/contenders.ts";
import type { Study } from "../studies/index.ts";
import { whole } from "./settings.ts";
import { type Findings, findingsOf } from "./summary.ts";

/** The protocol of all experiments of a recipe. */
export function protocolOf({ images, teacher, lambda, student, maps }: Recipe): string {
  const { epochs } = teacher.schedule;
  return (
    `Each seed draws ${whole(images.train)} training and ${whole(images.validation)} validation images. Its teacher ` +
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

/**
 * The beginning of the summary: what is confirmed and what is not.
 *
 * @param pages A list of links to the other pages.
 */
export function introduction(findings: readonly Findings[], pages: string): string {
  const all = findingsOf(findings);
  const on = (baseline: string, what: string) =>
    all
      .filter(({ effect }) => effect.baseline === baseline && effect.what.startsWith(what))
      .slice(0, 1)
      .flatMap(({ gains }) => [...gains])
      .map(([dataset, { gain, digits }]) => `${formatInterval(gain, digits)} on ${dataset}`)
      .join(", ");
  const stepsOf = (what: string) =>
    /[\d,]+ steps$/.exec(all.find(({ effect }) => effect.what.startsWith(what))?.effect.what ?? "");
  return `# Reproduction of the thesis' experiments

The thesis claims that students of MCMI teachers are better, above all with few images or without a class. These
experiments test it with networks and numbers of images for two CPU cores. The baseline is the control: the same
teacher, fine-tuned for as many steps with λ = 0. Numbers are MCMI − baseline in points of test accuracy with a 95 % CI,
over five seeds on MNIST and Fashion-MNIST. The table at the end has the number of seeds of every comparison.

**Confirmed on MNIST and Fashion-MNIST**

- A class that the student never saw, mean over the ten classes (${stepsOf("kd, each class")}): ${on("control", "kd, each class")}.
  Over CE, the teacher before its fine-tuning: ${on("CE", "kd, each class")}.
- Few images by kd. 1 % (${stepsOf("kd, 1 %")}): ${on("control", "kd, 1 %")}. 5 % (${stepsOf("kd, 5 %")}): ${on("control", "kd, 5 %")}.
- The price is small. The teacher's accuracy: ${on("control", "teacher of kd")}.

**Not confirmed**

- A gain by CRD. 1 % (${stepsOf("crd, 1 %")}): ${on("control", "crd, 1 %")}. 5 % (${stepsOf("crd, 5 %")}): ${on("control", "crd, 5 %")}.
- A gain on Fashion-MNIST over CE in every case. One class removed (${stepsOf("kd, one class")}): ${on("CE", "kd, one class")}.
  5 % of the images (${stepsOf("kd, 5 %")}): ${on("CE", "kd, 5 %")}.
- Maps that cover more of an image on every data set. Coverage in points: ${on("control", "coverage")}.
  Over CE: ${on("CE", "coverage")}.
- A gain by most methods on Fashion-MNIST. Mean over all methods, 5 % of the images (${stepsOf("mean of")}): ${on("control", "mean of")}.
- Maps that are more similar within a class. Divergence in nats: ${on("control", "divergence")}.
  Over CE: ${on("CE", "divergence")}.

**The number of steps decides**

- Few images by kd with a constant number of steps (${stepsOf("constant steps, kd, 5 %")}). 1 %: ${on("control", "constant steps, kd, 1 %")}. 5 %: ${on("control", "constant steps, kd, 5 %")}.
- The same over CE, the teacher before its fine-tuning. 1 %: ${on("CE", "constant steps, kd, 1 %")}. 5 %: ${on("CE", "constant steps, kd, 5 %")}.
- Over MCMI with the centroids Q fixed, as in the authors' code. 1 %: ${on(FIXED_Q, "constant steps, kd, 1 %")}. 5 %: ${on(FIXED_Q, "constant steps, kd, 5 %")}.

**Other ways were often better**

- Few images (5 %, ${stepsOf("kd, 5 %")}), label smoothing: ${on("label smoothing", "kd, 5 %")}.
- Few images with a constant number of steps (5 %, ${stepsOf("constant steps, kd, 5 %")}). Label smoothing: ${on("label smoothing 0.1", "constant steps, kd, 5 %")}.
  CE at T = 8: ${on("CE, T = 8", "constant steps, kd, 5 %")}.
- No teacher, but labels alone. Few images (mean over all methods, 5 %, ${stepsOf("mean of")}): ${on(NO_TEACHER, "mean of")}.
- An unseen class, a teacher that is stopped early: ${on("CE, stopped early", "kd, one class")}.
  That teacher is less accurate. MCMI's exceeds it by ${on("CE, stopped early", "teacher of kd, one")}.
  Mean over the ten classes, the CE teacher as it was after epoch 4: ${on("CE, epoch 4", "kd, each class")}.
- An unseen class, CE at T = 8, mean over the ten classes: ${on("CE, T = 8", "kd, each class")}.
- An unseen class, the control at a higher temperature: ${on("temperature", "kd, one class")}.

${cifar(findings)}
**All results**

${pages}

\`npm run reproduction\` generates these pages from the results in docs/results.
`;
}

/** Of the longest students on CIFAR-10. */
const LONGER = "3,125 steps";

/** What has been measured on the thesis' own data. */
function cifar(findings: readonly Findings[]): string {
  const found = findings.find(({ dataset }) => dataset === CIFAR_10.name);
  const effects = found ? [...found.effects, ...found.early] : [];
  if (effects.length === 0) return "";
  const over = (baseline: string, what: string) => {
    const effect = effects.find((one) => one.baseline === baseline && one.what.startsWith(what));
    return effect ? formatInterval(effect.gain, effect.digits) : "not measured";
  };
  const methods = effects.find(({ what }) => what.startsWith("mean of"))?.what ?? "all methods";
  const gains = (what: string) =>
    `${over("control", what)} over the control, ${over("CE", what)} over CE`;
  const ways = (what: string) =>
    `${over("label smoothing", what)} over label smoothing, ${over("entropy", what)} over a reward for entropy, ` +
    `${over("temperature", what)} over the control at a higher temperature`;
  return `**CIFAR-10, the thesis' own data: no gain of students was measured**

- The maps of the MCMI teacher cover more of an image than the control's, but less than those of CE: ${gains("coverage")}.
  They are more similar in a class than the control's, but less than those of CE, in nats: ${gains("divergence")}.
- Students, ${methods}: ${gains("mean of")}. Over a student without a teacher: ${over(NO_TEACHER, "mean of")}.
- Few images by kd. 1 %: ${gains("kd, 1 %")}. 5 %: ${gains("kd, 5 %")}.
  5 %, five times the steps: ${gains(`kd, 5 % of the images, ${LONGER}`)}.
  5 %, MCMI with centroids that are estimated anew over MCMI with fixed ones: ${over(FIXED_Q, "kd, 5 %")}.
- Few images by crd. 5 %: ${gains("crd, 5 %")}.
- A class that the student never saw, mean over the ten classes: ${gains("kd, each class")}.
  Over the CE teacher as it was after epoch 2: ${over("CE, epoch 2", "kd, each class")}.
  One class, five times the steps: ${gains(`kd, one class removed, ${LONGER}`)}.
- Other ways to a softer teacher at their best settings. Few images by kd, 5 %: ${ways("kd, 5 %")}.
  One class: ${ways("kd, one class removed")}.
- The teacher's accuracy: ${gains("teacher of kd")}.

These runs are a [weak test](reproduction/protocol.md#cifar-10): three or five seeds, few steps, and teachers that are still
unsure of their training images.
`;
}
