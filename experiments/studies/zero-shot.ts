import { mean } from "d3-array";
import { formatInterval, type Interval, pairedInterval } from "../common/statistics.ts";
import { addMatrices, type Outcomes } from "../outcomes.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";
import { stepsText } from "../report/settings.ts";
import { comparison, rowOf } from "./comparison.ts";
import { type Contender, contenders } from "./contenders.ts";
import { type Effect, effectOf } from "./effect.ts";
import { type Goal, goalSection } from "./goal.ts";
import { estimate, removedAccuracy, teacherAccuracy } from "./metrics.ts";
import type { Study } from "./study.ts";

export const zeroShot: Study = {
  title: "A class that the student never saw",
  question:
    "Each class in turn, and sets of classes, are removed from the student's images. The teacher saw " +
    "all classes. How accurate is the student on test images of the removed classes?",

  plans: plansOf,

  sections: (outcomes, recipe, classNames) => [
    goalSection(goals(outcomes, recipe, classNames), plansOf(recipe)),
    ...accuracies(outcomes, recipe, classNames),
    ...ofSets(outcomes, recipe, classNames),
    ...recipe.zeroShot.removed.map((removed) => confusions(outcomes, recipe, removed, classNames)),
  ],

  effects: (outcomes, recipe) => {
    const [removed] = singleOf(recipe);
    const pairOver = (baseline: string) =>
      [plan(recipe, "MCMI", removed!), plan(recipe, baseline, removed!)] as const;
    const ofStudents = (baseline: string): Effect => ({
      scale: "removed",
      what: `kd, each class removed in turn, ${stepsText(plan(recipe, "MCMI", removed!))}`,
      baseline,
      digits: 1,
      gain: gainOver(outcomes, recipe, baseline),
      seeds: outcomes.seeds.length,
      plans: pairOver(baseline),
    });
    const ofTeachers = (baseline: string): Effect =>
      effectOf(outcomes, pairOver(baseline), teacherAccuracy, {
        scale: "teacher",
        what: `teacher of kd, ${recipe.teacher.network}`,
        baseline,
      });
    const rivals = compared(recipe).filter(({ isRival }) => isRival);
    return [
      ...baselinesOf(recipe).flatMap((baseline) => [ofStudents(baseline), ofTeachers(baseline)]),
      ...rivals.map(({ name }) => ofStudents(name)),
    ];
  },
};

function plansOf(recipe: Recipe): Plan[] {
  return compared(recipe).flatMap((contender) =>
    recipe.zeroShot.removed
      .filter((removed) => !contender.isRival || removed.length === 1)
      .map((removed) => planOf(recipe, contender, removed)),
  );
}

const baselinesOf = (recipe: Recipe) => shown(recipe).filter((name) => name !== "MCMI");

/**
 * Rivals with a fine-tuning of their own are compared with few images alone. A student without a teacher
 * learns from labels, which the others may not see.
 */
function compared(recipe: Recipe): Contender[] {
  const { lambda = recipe.lambda, rivals = recipe.rivals, kd } = recipe.zeroShot;
  const seesLabels = kd.alpha < 1;
  return contenders({ ...recipe, lambda, ...(rivals && { rivals }) }, kd).filter(
    (one) => !(one.isRival && one.teacher.fineTuning) && (seesLabels || one.kd?.alpha !== 0),
  );
}
/** All but the rivals. */
const main = (recipe: Recipe) => compared(recipe).filter(({ isRival }) => !isRival);

/** The contenders of the pictures. */
const shown = (recipe: Recipe) => main(recipe).flatMap(({ name, kd }) => (kd ? [] : [name]));

const nameOf = (removed: readonly number[], classNames: readonly string[]) =>
  removed.map((c) => classNames[c]).join(", ");

/** A row for each set of classes. */
const rowsOf = (
  outcomes: Outcomes,
  recipe: Recipe,
  sets: readonly (readonly number[])[],
  classNames: readonly string[],
) =>
  sets.map((removed) =>
    rowOf(
      outcomes,
      nameOf(removed, classNames),
      (name) => plan(recipe, name, removed),
      removedAccuracy(removed),
    ),
  );

const plansOfSets = (recipe: Recipe, sets: readonly (readonly number[])[]) =>
  plansOf(recipe).filter(({ student }) => sets.includes(student!.removed));

function accuracies(outcomes: Outcomes, recipe: Recipe, classNames: readonly string[]): Section[] {
  const single = singleOf(recipe);
  const ofSingle = { label: "mean of the single classes", digits: 1 };
  const teachers = "the teachers, on all classes";
  return comparison({
    title: "Accuracy on the removed class, %",
    gains: "Gains on the removed class, points",
    first: "removed",
    plans: plansOfSets(recipe, single),
    names: compared(recipe).map(({ name }) => name),
    rows: [
      ...rowsOf(outcomes, recipe, single, classNames),
      { ...ofSingle, values: (name) => means(outcomes, recipe, name) },
      rowOf(outcomes, teachers, (name) => plan(recipe, name, single[0]!), teacherAccuracy),
    ],
    charts: [
      {
        kind: "bars",
        id: "removed-class",
        title: "Students on the class that they never saw",
        y: { name: "accuracy, %" },
        categories: single.map((classes) => nameOf(classes, classNames)),
        series: shown(recipe).map((name) => ({
          name,
          values: single.map((classes) =>
            estimate(outcomes, plan(recipe, name, classes), removedAccuracy(classes)),
          ),
        })),
      },
    ],
  });
}

/** Several classes removed at once. */
function ofSets(outcomes: Outcomes, recipe: Recipe, classNames: readonly string[]): Section[] {
  const sets = recipe.zeroShot.removed.filter(({ length }) => length > 1);
  return comparison({
    title: "Accuracy on sets of removed classes, %",
    gains: "Gains on sets of removed classes, points",
    first: "removed",
    plans: plansOfSets(recipe, sets),
    names: main(recipe).map(({ name }) => name),
    rows: rowsOf(outcomes, recipe, sets, classNames),
    charts: [],
  });
}

function confusions(
  outcomes: Outcomes,
  recipe: Recipe,
  removed: readonly number[],
  classNames: readonly string[],
): Section {
  const name = nameOf(removed, classNames);
  return {
    title: `Without ${name}`,
    text: [],
    charts: [
      {
        kind: "confusions",
        id: `confusions-${removed.join("-")}`,
        title: `Students that never saw ${name}, all seeds together`,
        classNames: [...classNames],
        matrices: shown(recipe).map((contender) => ({
          name: `student of ${contender}`,
          counts: addMatrices(
            outcomes
              .all(plan(recipe, contender, removed))
              .map(({ student }) => student!.confusion!),
          ),
        })),
      },
    ],
  };
}

const plan = (recipe: Recipe, name: string, removed: readonly number[]): Plan =>
  planOf(recipe, compared(recipe).find((one) => one.name === name)!, removed);

function planOf(
  { images, student, zeroShot }: Recipe,
  { teacher, kd }: Contender,
  removed: readonly number[],
): Plan {
  const { atMost, gaps, schedule } = zeroShot;
  return {
    images,
    teacher,
    student: {
      network: student,
      method: "kd",
      kd: kd ?? zeroShot.kd,
      share: 1,
      ...(atMost && { atMost }),
      removed,
      ...(gaps && { gaps }),
      schedule,
    },
  };
}

/** The mean over the runs with a single removed class, for each seed. */
function means(outcomes: Outcomes, recipe: Recipe, name: string): number[] {
  const each = singleOf(recipe).map((removed) =>
    outcomes.values(plan(recipe, name, removed), removedAccuracy(removed).of),
  );
  return outcomes.seeds.map((_, i) => mean(each.map((values) => values[i]!))!);
}

/** The gain of MCMI in the mean over the single classes. */
const gainOver = (outcomes: Outcomes, recipe: Recipe, name: string): Interval =>
  pairedInterval(means(outcomes, recipe, "MCMI"), means(outcomes, recipe, name));

function goals(outcomes: Outcomes, recipe: Recipe, classNames: readonly string[]): Goal[] {
  const { goals: wanted } = recipe.zeroShot;
  const single = singleOf(recipe);
  const teacherOf = (name: string) =>
    mean(outcomes.values(plan(recipe, name, single[0]!), teacherAccuracy.of))!;
  const classes = single.map((removed) => ({
    name: classNames[removed[0]!],
    accuracy: mean(outcomes.values(plan(recipe, "MCMI", removed), removedAccuracy(removed).of))!,
  }));
  const best = classes.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const average = mean(means(outcomes, recipe, "MCMI"))!;
  const loss = teacherOf("control") - teacherOf("MCMI");
  const below = teacherOf("MCMI") - best.accuracy;
  return [
    ...goalOf(wanted.mean, (least) => ({
      goal: `students of MCMI: at least ${least} % in the mean over the classes`,
      measured: `${average.toFixed(1)} %`,
      isReached: average >= least,
    })),
    ...baselinesOf(recipe).map((name) => {
      const gain = gainOver(outcomes, recipe, name);
      return {
        goal: `at least ${wanted.gain} points above the students of ${name}, 95 % CI above 0`,
        measured: formatInterval(gain, 1),
        isReached: gain.mean >= wanted.gain && gain.interval !== undefined && gain.interval[0] > 0,
      };
    }),
    {
      goal: `a loss of at most ${wanted.loss} points of the teacher's accuracy`,
      measured: `${loss.toFixed(2)} points`,
      isReached: loss <= wanted.loss,
    },
    ...goalOf(wanted.best, (least) => ({
      goal: `at least ${least} % on one of the classes, the thesis' best`,
      measured: `${best.accuracy.toFixed(1)} % on ${best.name}`,
      isReached: best.accuracy >= least,
    })),
    ...goalOf(wanted.belowTeacher, (most) => ({
      goal: `on one of the classes, at most ${most} points below the teacher on all classes`,
      measured: `${below.toFixed(1)} points on ${best.name}`,
      isReached: below <= most,
    })),
  ];
}

const goalOf = (wanted: number | undefined, goal: (wanted: number) => Goal): Goal[] =>
  wanted === undefined ? [] : [goal(wanted)];

const singleOf = ({ zeroShot }: Recipe) => zeroShot.removed.filter(({ length }) => length === 1);
