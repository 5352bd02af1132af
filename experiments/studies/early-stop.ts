import { mean } from "d3-array";
import type { LineChart } from "../charts/chart.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan, TeacherPlan } from "../pipeline/plan.ts";
import { pairOf, type Recipe } from "../recipe.ts";
import { settingsOf } from "../report/settings.ts";
import { effectOf, scaleOf } from "./effect.ts";
import {
  estimate,
  type Metric,
  onValidation,
  probeMetric,
  show,
  teacherAccuracy,
  teacherCmi,
} from "./metrics.ts";
import {
  PROBE_IDS,
  PROBES,
  type ProbeName,
  probe,
  probes,
  probeText,
  probeTitles,
} from "./probes.ts";
import { ranking } from "./ranking.ts";
import type { Study } from "./study.ts";

export const earlyStop: Study = {
  title: "Teachers along their training",
  question:
    "A teacher trained with cross-entropy alone is stopped early. Its CMI falls during training: is an " +
    "early stop as good as MCMI?",

  plans: plansOf,

  sections(outcomes, recipe, classNames) {
    const titles = probeTitles(recipe, classNames);
    const chart = chartsOf(outcomes, recipe);
    return [
      {
        title: "Teachers and students, mean ± standard error",
        text: [],
        table: {
          settings: settingsOf(plansOf(recipe)),
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

  effects: (outcomes, recipe) =>
    PROBES.flatMap((one) => {
      const MCMI = probe(recipe, one, pairOf(recipe).MCMI);
      const metric = probeMetric(recipe.probes[one]);
      const over = (baseline: string, teacher: TeacherPlan) =>
        effectOf(outcomes, [MCMI, probe(recipe, one, teacher)], metric, {
          scale: scaleOf(metric),
          what: probeText(recipe, one),
          baseline,
        });
      const early = stoppedEarly(outcomes, recipe, one);
      return [
        over("CE", recipe.teacher),
        over(STOPPED, early),
        effectOf(outcomes, [MCMI, probe(recipe, one, early)], teacherAccuracy, {
          scale: "teacher",
          what: `teacher of ${probeText(recipe, one)}`,
          baseline: STOPPED,
        }),
      ];
    }),
};

const STOPPED = "CE, stopped early";

function plansOf(recipe: Recipe): Plan[] {
  return teachers(recipe).flatMap(({ teacher }) => probes(recipe, teacher));
}

/** The CE teacher after the epoch before its last one with the best student on validation images. */
function stoppedEarly(outcomes: Outcomes, recipe: Recipe, name: ProbeName): TeacherPlan {
  const of = onValidation(recipe.probes[name].removed);
  const score = (teacher: TeacherPlan) => mean(outcomes.values(probe(recipe, name, teacher), of))!;
  const { kept, epoch } = recipe.teacher;
  return kept
    .filter((earlier) => earlier < epoch)
    .map((earlier) => ({ ...recipe.teacher, epoch: earlier }))
    .reduce((a, b) => (score(b) > score(a) ? b : a));
}

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
