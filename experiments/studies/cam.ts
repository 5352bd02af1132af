import type { Plan } from "../plan.ts";
import { mapsTeacher, PAIR, type PairName, type Recipe } from "../recipe.ts";
import { GAIN, type Metric, show, showGain, teacherAccuracy, teacherCmi } from "./metrics.ts";
import type { Study } from "./study.ts";

const METRICS: Metric[] = [
  { name: "coverage of the maps, %", digits: 2, of: ({ maps }) => 100 * maps!.coverage },
  { name: "I(X;S|Y) of the maps, nats", digits: 4, of: ({ maps }) => maps!.cmi },
  { name: "mean pairwise JS of the maps, nats", digits: 4, of: ({ maps }) => maps!.divergence! },
  { ...teacherAccuracy, name: "teacher's test accuracy, %" },
  { ...teacherCmi, name: "CMI of training images, nats" },
];

export const cam: Study = {
  title: "Where the teachers look",
  question:
    "EigenCAM of test images. A teacher that captures more of a class's context should look at more " +
    "of an image (coverage), and alike at the images of a class (smaller divergences).",

  plans: (recipe) => PAIR.map((name) => plan(recipe, name)),

  sections(outcomes, recipe) {
    const [control, mcmi] = PAIR.map((name) => plan(recipe, name));
    return [
      {
        title: "Scores of the class clusters",
        text: [],
        table: {
          head: ["", ...PAIR, GAIN],
          rows: METRICS.map((metric) => [
            metric.name,
            show(outcomes, control!, metric),
            show(outcomes, mcmi!, metric),
            showGain(outcomes, [mcmi!, control!], metric),
          ]),
        },
        charts: [],
      },
    ];
  },
};

function plan(recipe: Recipe, name: PairName): Plan {
  const { images, maps } = recipe;
  return {
    images,
    teacher: mapsTeacher(recipe, name === "MCMI" ? maps.lambda : 0),
    maps: { layer: maps.layer, images: maps.images },
  };
}
