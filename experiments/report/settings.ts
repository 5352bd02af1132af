import { USUAL_KD } from "../methods/index.ts";
import type { Plan, StudentPlan } from "../pipeline/plan.ts";
import { imagesOf, lengthOf, stepsIn, studentLength } from "../pipeline/trainings.ts";

/** Above this number of values, their range is given. */
const MOST = 8;

/** λ, T, images and steps of runs, for the caption of a table. */
export function settingsOf(plans: readonly Plan[]): string {
  const students = plans.flatMap(({ images, student }) => (student ? [{ images, student }] : []));
  const mapped = ascending(plans.flatMap(({ maps }) => maps?.images ?? []));
  return [
    "Settings:",
    `${regularizersOf(plans)}.`,
    ...(students.length > 0 ? [`${temperaturesOf(students.map(({ student }) => student))}.`] : []),
    ...strengthsOf(students.map(({ student }) => student)),
    `Teachers: ${teachersOf(plans)}.`,
    ...(students.length > 0 ? [`Students: ${studentsOf(students)}.`] : []),
    ...(mapped.length > 0 ? [`Maps of ${mapped.map(whole).join(" or ")} test images.`] : []),
  ].join(" ");
}

/** The steps of a student. */
export const studentSteps = ({ images, student }: Plan): number =>
  stepsIn(studentLength(images, student!));

/** The same as a label: "1,280 steps". */
export const stepsText = (plan: Plan): string => `${whole(studentSteps(plan))} steps`;

export const whole = (x: number): string => x.toLocaleString("en");

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];

const ascending = (values: readonly number[]) => distinct(values).sort((a, b) => a - b);

const listOf = (texts: readonly string[]): string =>
  texts.length > MOST ? `${texts[0]} to ${texts.at(-1)}` : texts.join(", ");

function regularizersOf(plans: readonly Plan[]): string {
  const tunings = plans.flatMap(({ teacher }) => teacher.fineTuning ?? []);
  const of = (name: string, values: readonly (number | undefined)[]) => {
    const found = ascending(values.filter((x) => x !== undefined));
    return found.length > 0 ? [`${name} = ${listOf(found.map(String))}`] : [];
  };
  const lambdaOf = (centroids: "fixed" | undefined) =>
    tunings.filter((one) => one.centroids === centroids).map((one) => one.regularizer.lambda);
  const texts = [
    ...of("λ", lambdaOf(undefined)),
    ...of("λ with fixed Q", lambdaOf("fixed")),
    ...of(
      "label smoothing ε",
      tunings.map(({ regularizer }) => regularizer.labelSmoothing),
    ),
    ...of(
      "weight of the entropy",
      tunings.map(({ regularizer }) => regularizer.entropy),
    ),
  ];
  return texts.length > 0 ? texts.join(", ") : "no fine-tuning";
}

/** Factors of the usual weights: "weight of dkd × 0.1". */
function strengthsOf(students: readonly StudentPlan[]): string[] {
  const texts = students.flatMap(({ method, strength }) =>
    strength === undefined ? [] : [`${method} × ${strength}`],
  );
  return texts.length > 0 ? [`Weight of ${distinct(texts).join(", ")}.`] : [];
}

/** The temperatures of `kd`, except for students that learn from labels alone. */
function temperaturesOf(students: readonly StudentPlan[]): string {
  const settings = students
    .filter(({ method }) => method === "kd")
    .map(({ kd = USUAL_KD }) => kd)
    .filter(({ alpha }) => alpha > 0);
  const temperatures = `T = ${listOf(ascending(settings.map(({ temperature }) => temperature)).map(String))}`;
  const others = distinct(students.map(({ method }) => method)).filter((name) => name !== "kd");
  if (settings.length === 0) return "Other methods than kd: usual temperature and weights";
  if (others.length === 0) return temperatures;
  return `${temperatures} for kd, usual settings for ${others.length > 3 ? "the other methods" : others.join(", ")}`;
}

function teachersOf(plans: readonly Plan[]): string {
  const images = ascending(plans.map(({ images }) => images.train));
  const steps = ascending(
    plans.map(({ images, teacher }) =>
      stepsIn(lengthOf("teacher", teacher.schedule, images.train)),
    ),
  );
  const tunings = plans.flatMap(({ images, teacher: { fineTuning } }) =>
    fineTuning ? [stepsIn(lengthOf("teacher", fineTuning.schedule, images.train))] : [],
  );
  const either = (values: readonly number[]) => values.map(whole).join(" or ");
  const more = tunings.length > 0 ? `; fine-tuning ${either(ascending(tunings))} steps` : "";
  return `${either(images)} images, ${either(steps)} steps${more}`;
}

function studentsOf(students: readonly { images: Plan["images"]; student: StudentPlan }[]): string {
  const lengths = students
    .map(({ images, student }) => ({
      count: imagesOf(images, student),
      mayBeFewer: student.removed.length > 0,
      steps: stepsIn(studentLength(images, student)),
    }))
    .sort((a, b) => a.count - b.count || a.steps - b.steps)
    .map(
      ({ count, mayBeFewer, steps }) =>
        `${mayBeFewer ? "at most " : ""}${whole(count)} images in ${whole(steps)} steps`,
    );
  return listOf(distinct(lengths));
}
