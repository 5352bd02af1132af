import { formatInterval, pairedInterval } from "../common/statistics.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { FewShotRuns, Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";
import { stepsText } from "../report/settings.ts";
import { byTeacher } from "./by-teacher.ts";
import { comparison, rowOf } from "./comparison.ts";
import { type Contender, contenders } from "./contenders.ts";
import { type Effect, effectOf } from "./effect.ts";
import { type Goal, goalSection } from "./goal.ts";
import { estimate, studentAccuracy } from "./metrics.ts";
import { withFewImages } from "./probes.ts";
import type { Study } from "./study.ts";

type MethodName = "kd" | "crd";
/** The contenders that the goals are about. */
const BASELINES: readonly string[] = ["CE", "control"];

export const fewShot: Study = {
  title: "A student with few images",
  question:
    "The student sees a share of the teacher's training images. How much accuracy does it gain from " +
    "the MCMI teacher?",

  plans: (recipe) => byTeacher(withoutRepeats(seriesOf(recipe).flatMap(plansOf))),

  sections: (outcomes, recipe) => [
    goalSection(goals(outcomes, recipe), seriesOf(recipe).flatMap(plansOf)),
    ...seriesOf(recipe).flatMap((series) => sectionsOf(outcomes, series)),
  ],

  effects: (outcomes, recipe) =>
    seriesOf(recipe).flatMap((series) => {
      const isGoal = (share: number) => goalShares(recipe, series.method).includes(share);
      return series.compared
        .filter(({ name, isRival }) => isRival || (!series.isOfRivals && BASELINES.includes(name)))
        .flatMap(({ name: baseline }) =>
          series.shares
            .filter((share) => isGoal(share) || BASELINES.includes(baseline))
            .map((share): Effect => {
              const pair = [
                planOf(series, "MCMI", share),
                planOf(series, baseline, share),
              ] as const;
              const what = `${series.prefix}${withFewImages(pair[0])}`;
              const isDetail = isGoal(share) ? {} : { isDetail: true as const };
              return effectOf(outcomes, pair, studentAccuracy, { what, baseline, ...isDetail });
            }),
        );
    }),
};

/** Students by a method with several shares of the images, of teachers that are compared. */
interface Series {
  /** Of its chart. */
  id: string;
  method: MethodName;
  title: string;
  /** Before the words for a student. */
  prefix: string;
  compared: readonly Contender[];
  /** Whether another series has its other contenders too. */
  isOfRivals?: true;
  shares: readonly number[];
  plan: (contender: Contender, share: number) => Plan;
}

/** The shares that goals by a method are about. */
const goalShares = ({ fewShot }: Recipe, method: MethodName): number[] =>
  fewShot.goals.filter((goal) => goal.method === method).map(({ share }) => share);

/** Rivals are compared by `kd` at the shares that the goals are about, or with a constant number of steps. */
function seriesOf(recipe: Recipe): Series[] {
  const { fewShot } = recipe;
  const all = contenders(recipe, fewShot.kd);
  const main = all.filter(({ isRival }) => !isRival);
  const shares = fewShot.shares.map(({ share }) => share);
  const by = (method: MethodName) => ({
    id: method,
    method,
    title: `by ${method}`,
    prefix: "",
    plan: (contender: Contender, share: number) =>
      studentPlan(recipe, fewShot, contender, method, share),
  });
  const kd: Series = { ...by("kd"), compared: main, shares };
  const rivals: Series = {
    ...by("kd"),
    id: "rivals",
    title: "by kd, with rivals",
    compared: all,
    isOfRivals: true,
    shares: goalShares(recipe, "kd"),
  };
  const crd: Series = {
    ...by("crd"),
    compared: main.filter((contender) => !contender.kd), // a student without a teacher is one of kd
    shares: shares.filter((share) => share <= fewShot.crdUpTo),
  };
  return [kd, ...(recipe.rivals ? [rivals] : []), crd, ...constantSteps(recipe)];
}

function constantSteps(recipe: Recipe): Series[] {
  const { fewShot } = recipe;
  const { constant } = fewShot;
  if (!constant) return [];
  const runs = { ...fewShot, ...constant };
  const series: Series = {
    id: "constant-steps",
    method: "kd",
    title: "by kd with a constant number of steps",
    prefix: "constant steps, ",
    compared: contenders({ ...recipe, rivals: constant.rivals }, fewShot.kd),
    shares: constant.shares.map(({ share }) => share),
    plan: (contender, share) => studentPlan(recipe, runs, contender, "kd", share),
  };
  return [series];
}

/** Series may have runs in common. */
const withoutRepeats = (plans: readonly Plan[]): Plan[] => [
  ...new Map(plans.map((plan) => [JSON.stringify(plan), plan])).values(),
];

const plansOf = ({ compared, shares, plan }: Series): Plan[] =>
  compared.flatMap((contender) => shares.map((share) => plan(contender, share)));

const planOf = ({ compared, plan }: Series, name: string, share: number): Plan =>
  plan(compared.find((one) => one.name === name)!, share);

const baselinesOf = ({ compared }: Series) =>
  compared.map(({ name }) => name).filter((name) => BASELINES.includes(name));

function sectionsOf(outcomes: Outcomes, series: Series): Section[] {
  const { id, title, compared, shares } = series;
  const names = compared.map(({ name }) => name);
  const lengths = [
    ...new Set(
      shares.map((share) => stepsText(planOf(series, "MCMI", share)).replace(" steps", "")),
    ),
  ].join(" · ");
  return comparison({
    title: `Test accuracy ${title}, %`,
    gains: `Gains ${title}, points`,
    first: "share of the images, steps",
    names,
    plans: plansOf(series),
    rows: shares.map((share) =>
      rowOf(
        outcomes,
        `${100 * share} %, ${stepsText(planOf(series, "MCMI", share))}`,
        (name) => planOf(series, name, share),
        studentAccuracy,
      ),
    ),
    charts:
      shares.length < 2
        ? []
        : [
            {
              kind: "lines",
              id,
              title: `Students ${title}`,
              x: { name: `share of the images, %, with ${lengths} steps`, log: true },
              y: { name: "test accuracy, %" },
              series: names.map((name) => ({
                name,
                points: shares.map((share) => ({
                  x: 100 * share,
                  estimate: estimate(outcomes, planOf(series, name, share), studentAccuracy),
                })),
              })),
            },
          ],
  });
}

/** Each goal is for the gain over each contender that is a baseline. */
const goals = (outcomes: Outcomes, recipe: Recipe): Goal[] =>
  recipe.fewShot.goals.flatMap(({ method, share, atLeast = 0 }) => {
    const series = seriesOf(recipe).find(({ id }) => id === method)!;
    const valuesOf = (name: string) =>
      outcomes.values(planOf(series, name, share), studentAccuracy.of);
    return baselinesOf(series).map((name) => {
      const gain = pairedInterval(valuesOf("MCMI"), valuesOf(name));
      const amount = atLeast > 0 ? `a gain of at least ${atLeast} points` : "a gain";
      return {
        goal: `${withFewImages(planOf(series, "MCMI", share))}: ${amount} over ${name}, 95 % CI above 0`,
        measured: formatInterval(gain, studentAccuracy.digits),
        isReached: gain.mean >= atLeast && gain.interval !== undefined && gain.interval[0] > 0,
      };
    });
  });

function studentPlan(
  { images, student }: Recipe,
  { shares, kd, drawn }: FewShotRuns,
  contender: Contender,
  method: MethodName,
  share: number,
): Plan {
  const { schedule } = shares.find((one) => one.share === share)!;
  return {
    images,
    teacher: contender.teacher,
    student: {
      network: student,
      method,
      ...(method === "kd" && { kd: contender.kd ?? kd }),
      share,
      removed: [],
      ...(drawn && { drawn }),
      schedule,
    },
  };
}
