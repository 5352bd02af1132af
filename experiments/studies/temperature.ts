import type { LineChart } from "../charts/chart.ts";
import type { Outcomes } from "../outcomes.ts";
import type { Plan } from "../pipeline/plan.ts";
import { PAIR, type PairName, pairOf, type Recipe } from "../recipe.ts";
import { settingsOf } from "../report/settings.ts";
import { estimate, type Metric, probeMetric, show } from "./metrics.ts";
import { PROBE_IDS, PROBES, type ProbeName, probe, probeTitles } from "./probes.ts";
import { ranking } from "./ranking.ts";
import type { Study } from "./study.ts";

export const temperature: Study = {
  title: "The temperature of distillation",
  question:
    "A temperature raises the CMI of the outputs that the student sees. Does the student's accuracy " +
    "rise with it, and does it replace MCMI?",

  plans: plansOf,

  sections(outcomes, recipe, classNames) {
    const titles = probeTitles(recipe, classNames);
    const chart = chartsOf(outcomes, recipe);
    return [
      {
        title: "CMI at the temperature, and students; mean ± standard error",
        text: [],
        table: {
          settings: settingsOf(plansOf(recipe)),
          head: ["teacher", "T", softCmi.name, ...PROBES.map((one) => titles[one])],
          rows: PAIR.flatMap((name) =>
            recipe.temperatures.map((T) => [
              name,
              String(T),
              show(outcomes, plan(recipe, "fewImages", name, T), softCmi),
              ...PROBES.map((one) =>
                show(outcomes, plan(recipe, one, name, T), probeMetric(recipe.probes[one])),
              ),
            ]),
          ),
        },
        charts: [
          chart("cmi", "CMI of the softened outputs for training images", softCmi, "fewImages"),
          ...PROBES.map((one) =>
            chart(PROBE_IDS[one], titles[one], probeMetric(recipe.probes[one]), one),
          ),
        ],
        conclusion: PROBES.map((one) => {
          const metric = probeMetric(recipe.probes[one]);
          const ways = PAIR.flatMap((name) =>
            recipe.temperatures.map((T) => ({
              name: `${name} at T = ${T}`,
              mean: estimate(outcomes, plan(recipe, one, name, T), metric).mean,
            })),
          );
          return ranking(titles[one], ways, metric.digits);
        }).join(" "),
      },
    ];
  },
};

/** Plans with the same teacher and images follow each other: they share the teacher's logits. */
function plansOf(recipe: Recipe): Plan[] {
  return PAIR.flatMap((name) =>
    PROBES.flatMap((one) => recipe.temperatures.map((T) => plan(recipe, one, name, T))),
  );
}

/** A function to line charts of a metric over the temperature. */
const chartsOf =
  (outcomes: Outcomes, recipe: Recipe) =>
  (id: string, title: string, metric: Metric, one: ProbeName): LineChart => ({
    kind: "lines",
    id,
    title,
    x: { name: "temperature", log: true },
    y: { name: metric.name },
    series: PAIR.map((name) => ({
      name,
      points: recipe.temperatures.map((T) => ({
        x: T,
        estimate: estimate(outcomes, plan(recipe, one, name, T), metric),
      })),
    })),
  });

const softCmi: Metric = {
  name: "CMI at T, nats",
  digits: 4,
  of: ({ softCmi }) => softCmi!,
};

const plan = (recipe: Recipe, one: ProbeName, name: PairName, T: number): Plan => ({
  ...probe(recipe, one, pairOf(recipe)[name], T),
  softCmi: T,
});
