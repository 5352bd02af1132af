import { formatInterval, pairedInterval } from "../common/statistics.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";
import { comparison, rowOf } from "./comparison.ts";
import { type Contender, contenders } from "./contenders.ts";
import { type Goal, goalSection } from "./goal.ts";
import { estimate, studentAccuracy } from "./metrics.ts";
import type { Study } from "./study.ts";

const METHODS = ["kd", "crd"] as const;
type MethodName = (typeof METHODS)[number];

export const fewShot: Study = {
  title: "A student with few images",
  question:
    "The student sees a share of the teacher's training images. How much accuracy does it gain from " +
    "the MCMI teacher?",

  plans: (recipe) =>
    contenders(recipe, recipe.fewShot.kd).flatMap((contender) =>
      METHODS.filter((method) => isComparedBy(contender, method)).flatMap((method) =>
        sharesOf(recipe, method).map((share) => plan(recipe, contender, method, share)),
      ),
    ),

  sections: (outcomes, recipe) => [
    goalSection(goals(outcomes, recipe)),
    ...METHODS.flatMap((method) => methodSections(outcomes, recipe, method)),
  ],
};

/** A contender with settings of its own for `kd` has no students by another method. */
const isComparedBy = ({ kd }: Contender, method: MethodName) => !kd || method === "kd";

const comparedBy = (recipe: Recipe, method: MethodName) =>
  contenders(recipe, recipe.fewShot.kd).filter((contender) => isComparedBy(contender, method));

function methodSections(outcomes: Outcomes, recipe: Recipe, method: MethodName): Section[] {
  const compared = comparedBy(recipe, method);
  const names = compared.map(({ name }) => name);
  const shares = sharesOf(recipe, method);
  const planOf = (name: string, share: number) =>
    plan(recipe, compared.find((one) => one.name === name)!, method, share);
  return comparison({
    title: `Test accuracy by ${method}, %`,
    gains: `Gains by ${method}, points`,
    first: "share of the images",
    names,
    rows: shares.map((share) =>
      rowOf(outcomes, `${100 * share} %`, (name) => planOf(name, share), studentAccuracy),
    ),
    charts: [
      {
        kind: "lines",
        id: method,
        title: `Students by ${method}`,
        x: { name: "share of the images, %", log: true },
        y: { name: "test accuracy, %" },
        series: names.map((name) => ({
          name,
          points: shares.map((share) => ({
            x: 100 * share,
            estimate: estimate(outcomes, planOf(name, share), studentAccuracy),
          })),
        })),
      },
    ],
  });
}

const sharesOf = ({ fewShot: { shares, crdUpTo } }: Recipe, method: MethodName) =>
  shares.map(({ share }) => share).filter((share) => method !== "crd" || share <= crdUpTo);

/** Each goal is for the gain over each contender that is a baseline. */
const goals = (outcomes: Outcomes, recipe: Recipe): Goal[] =>
  recipe.fewShot.goals.flatMap(({ method, share, atLeast = 0 }) => {
    const compared = comparedBy(recipe, method);
    const valuesOf = (name: string) => {
      const contender = compared.find((one) => one.name === name)!;
      return outcomes.values(plan(recipe, contender, method, share), studentAccuracy.of);
    };
    const baselines = compared.filter(({ name }) => name === "CE" || name === "control");
    return baselines.map(({ name }) => {
      const gain = pairedInterval(valuesOf("MCMI"), valuesOf(name));
      const amount = atLeast > 0 ? `a gain of at least ${atLeast} points` : "a gain";
      return {
        goal: `${method}, ${100 * share} % of the images: ${amount} over ${name}, 95 % CI above 0`,
        measured: formatInterval(gain, studentAccuracy.digits),
        isReached: gain.mean >= atLeast && gain.interval !== undefined && gain.interval[0] > 0,
      };
    });
  });

function plan(recipe: Recipe, contender: Contender, method: MethodName, share: number): Plan {
  const { shares, kd, drawn } = recipe.fewShot;
  const { schedule } = shares.find((one) => one.share === share)!;
  return {
    images: recipe.images,
    teacher: contender.teacher,
    student: {
      network: recipe.student,
      method,
      ...(method === "kd" && { kd: contender.kd ?? kd }),
      share,
      removed: [],
      ...(drawn && { drawn }),
      schedule,
    },
  };
}
