import { mean } from "d3-array";
import { estimateOf, format, formatInterval, pairedInterval } from "../common/statistics.ts";
import { addMatrices, type Outcomes } from "../outcomes.ts";
import type { Plan } from "../pipeline/plan.ts";
import { PAIR, type PairName, pairOf, type Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";
import { type Goal, goalSection } from "./goal.ts";
import { estimate, pairHead, pairRow, removedAccuracy, teacherAccuracy } from "./metrics.ts";
import type { Study } from "./study.ts";

export const zeroShot: Study = {
  title: "A class that the student never saw",
  question:
    "Each class in turn, and sets of classes, are removed from the student's images. The teacher saw " +
    "all classes. How accurate is the student on test images of the removed classes?",

  plans: (recipe) =>
    PAIR.flatMap((name) => recipe.zeroShot.removed.map((removed) => plan(recipe, name, removed))),

  sections: (outcomes, recipe, classNames) => [
    goalSection(goals(outcomes, recipe, classNames)),
    accuracies(outcomes, recipe, classNames),
    ...recipe.zeroShot.removed.map((removed) => confusions(outcomes, recipe, removed, classNames)),
  ],
};

const nameOf = (removed: readonly number[], classNames: readonly string[]) =>
  removed.map((c) => classNames[c]).join(", ");

function accuracies(outcomes: Outcomes, recipe: Recipe, classNames: readonly string[]): Section {
  const { removed } = recipe.zeroShot;
  return {
    title: "Accuracy on the removed classes, %",
    text: [],
    table: {
      head: pairHead("removed"),
      rows: [
        ...removed.map((classes) =>
          pairRow(
            outcomes,
            nameOf(classes, classNames),
            (name) => plan(recipe, name, classes),
            removedAccuracy(classes),
          ),
        ),
        meanRow(outcomes, recipe),
        pairRow(
          outcomes,
          "the teachers, on all classes",
          (name) => plan(recipe, name, removed[0]!),
          teacherAccuracy,
        ),
      ],
    },
    charts: [
      {
        kind: "bars",
        id: "removed-class",
        title: "Students on the class that they never saw",
        y: { name: "accuracy, %" },
        categories: single(recipe).map((classes) => nameOf(classes, classNames)),
        series: PAIR.map((teacher) => ({
          name: teacher,
          values: single(recipe).map((classes) =>
            estimate(outcomes, plan(recipe, teacher, classes), removedAccuracy(classes)),
          ),
        })),
      },
    ],
  };
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
        matrices: PAIR.map((teacher) => ({
          name: `student of ${teacher}`,
          counts: addMatrices(
            outcomes.all(plan(recipe, teacher, removed)).map(({ student }) => student!.confusion!),
          ),
        })),
      },
    ],
  };
}

const plan = (recipe: Recipe, name: PairName, removed: readonly number[]): Plan => ({
  images: recipe.images,
  teacher: pairOf(recipe)[name],
  student: {
    network: recipe.student,
    method: "kd",
    kd: recipe.zeroShot.kd,
    share: 1,
    atMost: recipe.zeroShot.atMost,
    removed,
    schedule: recipe.zeroShot.schedule,
  },
});

/** The mean over the runs with a single removed class, for each seed. */
function means(outcomes: Outcomes, recipe: Recipe, name: PairName): number[] {
  const each = single(recipe).map((removed) =>
    outcomes.values(plan(recipe, name, removed), removedAccuracy(removed).of),
  );
  return outcomes.seeds.map((_, i) => mean(each.map((values) => values[i]!))!);
}

function meanRow(outcomes: Outcomes, recipe: Recipe): string[] {
  const [control, mcmi] = PAIR.map((name) => means(outcomes, recipe, name));
  return [
    "mean of the single classes",
    format(estimateOf(control!), 1),
    format(estimateOf(mcmi!), 1),
    formatInterval(pairedInterval(mcmi!, control!), 1),
  ];
}

function goals(outcomes: Outcomes, recipe: Recipe, classNames: readonly string[]): Goal[] {
  const [control, mcmi] = PAIR.map((name) => mean(means(outcomes, recipe, name))!);
  const [before, after] = PAIR.map((name) =>
    mean(outcomes.values(plan(recipe, name, single(recipe)[0]!), teacherAccuracy.of)),
  );
  const classes = single(recipe).map((removed) => ({
    name: classNames[removed[0]!],
    accuracy: mean(outcomes.values(plan(recipe, "MCMI", removed), removedAccuracy(removed).of))!,
  }));
  const best = classes.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const loss = before! - after!;
  return [
    {
      goal: "students of MCMI: at least 60 % in the mean over the classes",
      measured: `${mcmi!.toFixed(1)} %`,
      isReached: mcmi! >= 60,
    },
    {
      goal: "at least 30 points above the students of the control",
      measured: `${(mcmi! - control!).toFixed(1)} points`,
      isReached: mcmi! - control! >= 30,
    },
    {
      goal: "a loss of at most 0.6 points of the teacher's accuracy",
      measured: `${loss.toFixed(2)} points`,
      isReached: loss <= 0.6,
    },
    {
      goal: "at least 84 % on one of the classes, the thesis' best",
      measured: `${best.accuracy.toFixed(1)} % on ${best.name}`,
      isReached: best.accuracy >= 84,
    },
  ];
}

const single = ({ zeroShot }: Recipe) => zeroShot.removed.filter(({ length }) => length === 1);
