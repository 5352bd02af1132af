import { formatInterval, pairedInterval } from "../common/statistics.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../pipeline/plan.ts";
import { PAIR, type PairName, pairOf, type Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";
import { type Goal, goalSection } from "./goal.ts";
import { estimate, pairHead, pairRow, studentAccuracy } from "./metrics.ts";
import type { Study } from "./study.ts";

const METHODS = ["kd", "crd"] as const;
type MethodName = (typeof METHODS)[number];

export const fewShot: Study = {
  title: "A student with few images",
  question:
    "The student sees a share of the teacher's training images. How much accuracy does it gain from " +
    "the MCMI teacher?",

  plans: (recipe) =>
    PAIR.flatMap((name) =>
      METHODS.flatMap((method) =>
        sharesOf(recipe, method).map((share) => plan(recipe, name, method, share)),
      ),
    ),

  sections: (outcomes, recipe) => [
    goalSection(goals(outcomes, recipe)),
    ...METHODS.map((method) => methodSection(outcomes, recipe, method)),
  ],
};

const methodSection = (outcomes: Outcomes, recipe: Recipe, method: MethodName): Section => ({
  title: `Test accuracy by ${method}, %`,
  text: [],
  table: {
    head: pairHead("share of the images"),
    rows: sharesOf(recipe, method).map((share) =>
      pairRow(
        outcomes,
        `${100 * share} %`,
        (name) => plan(recipe, name, method, share),
        studentAccuracy,
      ),
    ),
  },
  charts: [
    {
      kind: "lines",
      id: method,
      title: `Students by ${method}`,
      x: { name: "share of the images, %", log: true },
      y: { name: "test accuracy, %" },
      series: PAIR.map((name) => ({
        name,
        points: sharesOf(recipe, method).map((share) => ({
          x: 100 * share,
          estimate: estimate(outcomes, plan(recipe, name, method, share), studentAccuracy),
        })),
      })),
    },
  ],
});

const sharesOf = ({ fewShot: { shares, crdUpTo } }: Recipe, method: MethodName) =>
  shares.map(({ share }) => share).filter((share) => method !== "crd" || share <= crdUpTo);

/** Goals for the two smallest shares. */
const goals = (outcomes: Outcomes, recipe: Recipe): Goal[] =>
  METHODS.flatMap((method) =>
    sharesOf(recipe, method)
      .slice(0, 2)
      .map((share) => {
        const [control, mcmi] = PAIR.map((name) =>
          outcomes.values(plan(recipe, name, method, share), studentAccuracy.of),
        );
        const gain = pairedInterval(mcmi!, control!);
        return {
          goal: `${method}, ${100 * share} % of the images: a significant gain (95 % CI above 0)`,
          measured: formatInterval(gain, studentAccuracy.digits),
          isReached: gain.interval !== undefined && gain.interval[0] > 0,
        };
      }),
  );

function plan(recipe: Recipe, name: PairName, method: MethodName, share: number): Plan {
  const { schedule } = recipe.fewShot.shares.find((one) => one.share === share)!;
  return {
    images: recipe.images,
    teacher: pairOf(recipe)[name],
    student: {
      network: recipe.student,
      method,
      ...(method === "kd" && { kd: recipe.fewShot.kd }),
      share,
      removed: [],
      schedule,
    },
  };
}
