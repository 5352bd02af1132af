import type { TeacherPlan } from "../plan.ts";
import { pairOf, type Recipe } from "../recipe.ts";
import { estimate, probeMetric, show, teacherAccuracy, teacherCmi } from "./metrics.ts";
import { PROBES, type ProbeName, probe, probes, probeTitles } from "./probes.ts";
import type { Study } from "./study.ts";

export const earlyStop: Study = {
  title: "Teachers along their training",
  question:
    "A teacher trained with cross-entropy alone is stopped early. Its CMI falls as it is trained on: " +
    "is an early stop as good as MCMI?",

  plans: (recipe) => teachers(recipe).flatMap(({ teacher }) => probes(recipe, teacher)),

  sections(outcomes, recipe, classNames) {
    const titles = probeTitles(recipe, classNames);
    const stopped = teachers(recipe).filter(({ epoch }) => epoch !== undefined);
    const studentsOf = (name: ProbeName, teacher: TeacherPlan) =>
      [probe(recipe, name, teacher), probeMetric(recipe.probes[name])] as const;
    return [
      {
        title: "Teachers and students, mean ± standard error",
        text: [],
        table: {
          head: ["teacher", "teacher, %", "CMI, nats", ...PROBES.map((name) => titles[name])],
          rows: teachers(recipe).map(({ name, teacher }) => [
            name,
            show(outcomes, probe(recipe, "fewImages", teacher), teacherAccuracy),
            show(outcomes, probe(recipe, "fewImages", teacher), teacherCmi),
            ...PROBES.map((one) => show(outcomes, ...studentsOf(one, teacher))),
          ]),
        },
        charts: [
          {
            kind: "lines",
            title: "CMI of training images",
            x: { name: "epoch" },
            y: { name: "CMI, nats", log: true },
            series: [
              {
                name: "CE",
                points: stopped.map(({ epoch, teacher }) => ({
                  x: epoch!,
                  estimate: estimate(outcomes, probe(recipe, "fewImages", teacher), teacherCmi),
                })),
              },
            ],
          },
          ...PROBES.map((one) => ({
            kind: "lines" as const,
            title: titles[one],
            x: { name: "epoch" },
            y: { name: "accuracy, %" },
            series: [
              {
                name: "CE",
                points: stopped.map(({ epoch, teacher }) => ({
                  x: epoch!,
                  estimate: estimate(outcomes, ...studentsOf(one, teacher)),
                })),
              },
            ],
          })),
        ],
      },
    ];
  },
};

/** Those of cross-entropy after some epochs, and the two that are fine-tuned from the last one. */
function teachers(recipe: Recipe): { name: string; epoch?: number; teacher: TeacherPlan }[] {
  const { control, MCMI } = pairOf(recipe);
  return [
    ...recipe.teacher.kept.map((epoch) => ({
      name: `after epoch ${epoch}`,
      epoch,
      teacher: { ...recipe.teacher, epoch },
    })),
    { name: "control", teacher: control },
    { name: "MCMI", teacher: MCMI },
  ];
}
