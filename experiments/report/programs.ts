import { readOptions as camOptions } from "../cam/options.ts";
import { planOf as camPlan, camRecipe, MAPS } from "../cam/run-cam.ts";
import { readOptions as demoOptions } from "../demo/options.ts";
import { plansOf as demoPlans } from "../demo/recipe.ts";
import { USUAL_KD } from "../methods/index.ts";
import { readOptions as experimentOptions } from "../options.ts";
import type { Plan, StudentPlan } from "../pipeline/plan.ts";
import { imagesOf, lengthOf, stepsIn, studentLength } from "../pipeline/trainings.ts";
import type { Recipe } from "../recipe.ts";
import { cam } from "../studies/cam.ts";
import { fewShot } from "../studies/few-shot.ts";
import { table } from "../studies/table.ts";
import { zeroShot } from "../studies/zero-shot.ts";
import type { Section } from "./section.ts";
import { whole } from "./settings.ts";

/** A program by its MCMI runs. */
interface Program {
  name: string;
  seeds: number;
  teacher: Plan;
  fewShot: readonly Plan[];
  zeroShot: readonly Plan[];
  maps?: Plan["maps"] | undefined;
}

/** What differs between the programs, from the plans that they run by default. */
export function programsSection(recipe: Recipe): Section {
  const programs = programsOf(recipe);
  const row = (label: string, cell: (program: Program) => string) => [
    label,
    ...programs.map((program) => cell(program) || "–"),
  ];
  return {
    title: "Demo, cam and experiments",
    text: [
      "The three programs answer similar questions with different settings. Their figures therefore differ, " +
        "in size and for the maps even in sign. Compare figures of one program only.",
    ],
    table: {
      head: ["MNIST, by default", ...programs.map(({ name }) => name)],
      rows: [
        row("seeds", ({ seeds }) => String(seeds)),
        row("training images", ({ teacher: { images } }) => whole(images.train)),
        row("teacher", ({ teacher: { teacher } }) => teacher.network),
        row("its steps", ({ teacher: { images, teacher } }) =>
          whole(stepsIn(lengthOf("teacher", teacher.schedule, images.train))),
        ),
        row("fine-tuning, steps × batch size", ({ teacher: { images, teacher } }) => {
          const { schedule } = teacher.fineTuning!;
          const steps = stepsIn(lengthOf("teacher", schedule, images.train));
          const warmUp = schedule.warmUp ? `, warm-up ${100 * schedule.warmUp} %` : "";
          return `${whole(steps)} × ${schedule.batchSize}${warmUp}`;
        }),
        row("λ", ({ teacher: { teacher } }) => String(teacher.fineTuning!.regularizer.lambda)),
        row("T", ({ fewShot, zeroShot }) =>
          distinct(
            [...fewShot, ...zeroShot].map(({ student }) => (student!.kd ?? USUAL_KD).temperature),
          ).join(", "),
        ),
        row("student", ({ fewShot }) => fewShot[0]?.student?.network ?? ""),
        row("with few images", ({ fewShot }) => distinct(fewShot.map(lengthText)).join("; ")),
        row("without a class", ({ zeroShot }) => distinct(zeroShot.map(lengthText)).join("; ")),
        row("maps", ({ maps }) =>
          maps ? `layer ${maps.layer}, ${whole(maps.images)} test images` : "",
        ),
      ],
    },
    charts: [],
  };
}

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];

const lengthText = ({ images, student }: Plan) =>
  `${student!.removed.length > 0 ? "at most " : ""}${whole(imagesOf(images, student!))} images in ` +
  `${whole(stepsIn(studentLength(images, student!)))} steps`;

function programsOf(recipe: Recipe): Program[] {
  const demo = demoOptions([]);
  const ofDemo = demoPlans(demo.recipe, "MCMI");
  const options = camOptions([]);
  const ofCam = camRecipe(options, {});
  const { seeds } = experimentOptions(["few-shot"]);
  const isMcmi = ({ teacher }: Plan) => (teacher.fineTuning?.regularizer.lambda ?? 0) > 0;
  const ofKd = (plans: readonly Plan[], has: (student: StudentPlan) => boolean) =>
    plans.filter((plan) => isMcmi(plan) && plan.student?.method === "kd" && has(plan.student));
  const few = ofKd(fewShot.plans(recipe), () => true);
  const zero = ofKd(zeroShot.plans(recipe), ({ removed }) => removed.length === 1);
  const byMethods = ofKd(table.plans(recipe), () => true);
  return [
    {
      name: "npm run demo",
      seeds: demo.seeds,
      teacher: ofDemo.fewShot[0]!,
      fewShot: ofDemo.fewShot,
      zeroShot: ofDemo.zeroShot,
    },
    {
      name: "npm run cam",
      seeds: options.seeds,
      teacher: camPlan(ofCam, "MCMI"),
      fewShot: [],
      zeroShot: [],
      maps: { layer: MAPS, images: ofCam.testImages },
    },
    { name: "experiments on outputs", seeds, teacher: few[0]!, fewShot: few, zeroShot: zero },
    {
      name: "experiments on methods and maps",
      seeds,
      teacher: byMethods[0]!,
      fewShot: byMethods,
      zeroShot: [],
      maps: cam.plans(recipe)[0]!.maps,
    },
  ];
}
