import { formatInterval, pairedInterval } from "../common/statistics.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";
import { stepsText } from "../report/settings.ts";
import { comparison, rowOf } from "./comparison.ts";
import { type Contender, contenders } from "./contenders.ts";
import { type Effect, effectOf } from "./effect.ts";
import { type Goal, goalSection } from "./goal.ts";
import { estimate, studentAccuracy } from "./metrics.ts";
import { withFewImages } from "./probes.ts";
import type { Study } from "./study.ts";

const METHODS = ["kd", "crd"] as const;
type MethodName = (typeof METHODS)[number];

export const fewShot: Study = {
  title: "A student with few images",
  question:
    "The student sees a share of the teacher's training images. How much accuracy does it gain from " +
    "the MCMI teacher?",

  plans: (recipe) => plansOf(recipe, METHODS),

  sections: (outcomes, recipe) => [
    goalSection(goals(outcomes, recipe), plansOf(recipe, METHODS)),
    ...METHODS.flatMap((method) => methodSections(outcomes, recipe, method)),
  ],

  effects: (outcomes, recipe) =>
    METHODS.flatMap((method) => {
      const compared = comparedBy(recipe, method);
      const planOf = (name: string, share: number) =>
        plan(recipe, compared.find((one) => one.name === name)!, method, share);
      const isGoal = (share: number) =>
        recipe.fewShot.goals.some((goal) => goal.method === method && goal.share === share);
      return baselinesOf(compared).flatMap((baseline) =>
        sharesOf(recipe, method).map((share): Effect => {
          const pair = [planOf("MCMI", share), planOf(baseline, share)] as const;
          const what = withFewImages(pair[0]);
          const isDetail = isGoal(share) ? {} : { isDetail: true as const };
          return effectOf(outcomes, pair, studentAccuracy, { what, baseline, ...isDetail });
        }),
      );
    }),
};

const baselinesOf = (compared: readonly Contender[]) =>
  compared.map(({ name }) => name).filter((name) => name === "CE" || name === "control");

const plansOf = (recipe: Recipe, some: readonly MethodName[]) =>
  contenders(recipe, recipe.fewShot.kd).flatMap((contender) =>
    some
      .filter((method) => isComparedBy(contender, method))
      .flatMap((method) =>
        sharesOf(recipe, method).map((share) => plan(recipe, contender, method, share)),
      ),
  );

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
  const lengths = shares
    .map((share) => stepsText(planOf("MCMI", share)).replace(" steps", ""))
    .join(" · ");
  return comparison({
    title: `Test accuracy by ${method}, %`,
    gains: `Gains by ${method}, points`,
    first: "share of the images, steps",
    names,
    plans: plansOf(recipe, [method]),
    rows: shares.map((share) =>
      rowOf(
        outcomes,
        `${100 * share} %, ${stepsText(planOf("MCMI", share))}`,
        (name) => planOf(name, share),
        studentAccuracy,
      ),
    ),
    charts: [
      {
        kind: "lines",
        id: method,
        title: `Students by ${method}`,
        x: { name: `share of the images, %, with ${lengths} steps`, log: true },
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
    return baselinesOf(compared).map((name) => {
      const gain = pairedInterval(valuesOf("MCMI"), valuesOf(name));
      const amount = atLeast > 0 ? `a gain of at least ${atLeast} points` : "a gain";
      return {
        goal: `${withFewImages(plan(recipe, compared[0]!, method, share))}: ${amount} over ${name}, 95 % CI above 0`,
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
