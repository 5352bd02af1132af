import type { LineChart } from "../charts/chart.ts";
import type { Outcomes } from "../outcomes.ts";
import type { TeacherPlan } from "../pipeline/plan.ts";
import { pairOf, type Recipe } from "../recipe.ts";
import {
  estimate,
  type Metric,
  probeMetric,
  show,
  teacherAccuracy,
  teacherCmi,
} from "./metrics.ts";
import { PROBE_IDS, PROBES, type ProbeName, probe, probes, probeTitles } from "./probes.ts";
import { ranking } from "./ranking.ts";
import type { Study } from "./study.ts";

export const earlyStop: Study = {
  title: "Teachers along their training",
  question:
    "A teacher trained with cross-entropy alone is stopped early. Its CMI falls during training: is an " +
    "early stop as good as MCMI?",

  plans: (recipe) => teachers(recipe).flatMap(({ teacher }) => probes(recipe, teacher)),

  sections(outcomes, recipe, classNames) {
    const titles = probeTitles(recipe, classNames);
    const chart = chartsOf(outcomes, recipe);
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
            ...PROBES.map((one) =>
              show(outcomes, probe(recipe, one, teacher), probeMetric(recipe.probes[one])),
            ),
          ]),
        },
        charts: [
          chart("teacher-cmi", "CMI of training images", "fewImages", teacherCmi, true),
          ...PROBES.map((one) => {
            const accuracy = { ...probeMetric(recipe.probes[one]), name: "accuracy, %" };
            return chart(PROBE_IDS[one], titles[one], one, accuracy);
          }),
        ],
        conclusion: PROBES.map((one) => {
          const metric = probeMetric(recipe.probes[one]);
          const ways = teachers(recipe).map(({ name, teacher }) => ({
            name: name.startsWith("after") ? `CE ${name}` : name,
            mean: estimate(outcomes, probe(recipe, one, teacher), metric).mean,
          }));
          return ranking(titles[one], ways, metric.digits);
        }).join(" "),
      },
    ];
  },
};

/** A function to line charts of a metric over the epochs of the CE teacher. */
const chartsOf =
  (outcomes: Outcomes, recipe: Recipe) =>
  (id: string, title: string, name: ProbeName, metric: Metric, log = false): LineChart => {
    const points = teachers(recipe).flatMap(({ epoch, teacher }) => {
      if (epoch === undefined) return [];
      return [{ x: epoch, estimate: estimate(outcomes, probe(recipe, name, teacher), metric) }];
    });
    return {
      kind: "lines",
      id,
      title,
      x: { name: "epoch" },
      y: { name: metric.name, log },
      series: [{ name: "CE", points }],
    };
  };

/** The CE teacher after some of its epochs, and the two teachers fine-tuned from its last one. */
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
