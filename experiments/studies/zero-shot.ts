import { mean } from "d3-array";
import { estimateOf, format, formatInterval, pairedInterval } from "../common/statistics.ts";
import { addMatrices, type Outcomes } from "../outcomes.ts";
import type { Plan } from "../plan.ts";
import { PAIR, type PairName, pairOf, type Recipe } from "../recipe.ts";
import type { Section } from "../report/section.ts";
import { type Goal, goalSection } from "./goal.ts";
import { estimate, GAIN, removedAccuracy, show, showGain, teacherAccuracy } from "./metrics.ts";
import type { Study } from "./study.ts";

export const zeroShot: Study = {
  title: "A class that the student never saw",
  question:
    "Each class in turn, and sets of classes, are taken out of the student's images; the teacher saw " +
    "all of them. What does the student make of test images of those classes?",

  plans: (recipe) =>
    PAIR.flatMap((name) => recipe.zeroShot.removed.map((removed) => plan(recipe, name, removed))),

  sections(outcomes, recipe, classNames) {
    const name = (removed: readonly number[]) => removed.map((c) => classNames[c]).join(", ");
    const pair = (removed: readonly number[]) =>
      [plan(recipe, "MCMI", removed), plan(recipe, "control", removed)] as const;
    const rows = recipe.zeroShot.removed.map((removed) => {
      const metric = removedAccuracy(removed);
      const [mcmi, control] = pair(removed);
      return [
        name(removed),
        show(outcomes, control, metric),
        show(outcomes, mcmi, metric),
        showGain(outcomes, [mcmi, control], metric),
      ];
    });
    const teachers = pair(recipe.zeroShot.removed[0]!);
    return [
      goalSection(goals(outcomes, recipe, classNames)),
      {
        title: "Accuracy on the removed classes, %",
        text: [],
        table: {
          head: ["removed", "control", "MCMI", GAIN],
          rows: [
            ...rows,
            meanRow(outcomes, recipe),
            [
              "the teachers, on all classes",
              show(outcomes, teachers[1], teacherAccuracy),
              show(outcomes, teachers[0], teacherAccuracy),
              showGain(outcomes, teachers, teacherAccuracy),
            ],
          ],
        },
        charts: [
          {
            kind: "bars",
            title: "Students on the class that they never saw",
            y: { name: "accuracy, %" },
            categories: single(recipe).map(name),
            series: PAIR.map((teacher) => ({
              name: teacher,
              values: single(recipe).map((removed) =>
                estimate(outcomes, plan(recipe, teacher, removed), removedAccuracy(removed)),
              ),
            })),
          },
        ],
      },
      ...recipe.zeroShot.removed.map(
        (removed): Section => ({
          title: `Without ${name(removed)}`,
          text: [],
          charts: [
            {
              kind: "confusions",
              title: `Students that never saw ${name(removed)}, all seeds together`,
              classNames: [...classNames],
              matrices: PAIR.map((teacher) => ({
                name: `student of ${teacher}`,
                counts: addMatrices(
                  outcomes
                    .all(plan(recipe, teacher, removed))
                    .map(({ student }) => student!.confusion!),
                ),
              })),
            },
          ],
        }),
      ),
    ];
  },
};

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

/** The mean over the classes that were removed alone, seed by seed. */
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
      goal: "students of MCMI: mean over the classes of at least 60 %",
      measured: `${mcmi!.toFixed(1)} %`,
      isReached: mcmi! >= 60,
    },
    {
      goal: "at least 30 points above those of the control",
      measured: `${(mcmi! - control!).toFixed(1)} points`,
      isReached: mcmi! - control! >= 30,
    },
    {
      goal: "at most 0.6 points of the teacher's accuracy lost",
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
