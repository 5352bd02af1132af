import type { EarlyTeacher, Report, StudentName, TeacherView } from "../protocol.ts";

type Tuning = Pick<Report & { kind: "teachers" }, "control" | "mcmi" | "step" | "steps">;
type Learning = Pick<Report & { kind: "students" }, "students" | "step" | "steps">;

export const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
export const percentOfTeacher = (share: number) => `${(100 * share).toFixed(1)} %`;

export const READY =
  "Each dot is a training image. It lies at the mean of the corners, weighted by the teacher’s probabilities. After cross-entropy (CE), nearly all dots sit in the corner of their class: the outputs say little more than the label.";

export const LEAVING =
  "The right-hand dots leave their corners, and the needle of the CMI rises. On the left, cross-entropy alone pushes them further in.";

export const earlyText = ({ epoch }: EarlyTeacher) =>
  `Training another CE teacher from the start, which stops after epoch ${epoch}.`;

/** The accuracy that MCMI has lost when the page speaks of a dip. */
const DIP = 0.03;

/** What happens in the fine-tuning, given the accuracy before it. */
export function tuningText({ control, mcmi, ...progress }: Tuning, before: number): string {
  if (progress.step === progress.steps) return tunedText(control, mcmi);
  if (before - mcmi.accuracy < DIP) return LEAVING;
  return "The right-hand accuracy dips. The reward for leaving the mean output of a class is high as long as that mean lies in a corner. The means are estimated anew before each epoch, and then the accuracy recovers.";
}

/** What the fine-tuning has done. */
function tunedText(control: TeacherView, mcmi: TeacherView): string {
  const lost = 100 * (control.accuracy - mcmi.accuracy);
  const times = mcmi.cmi / control.cmi;
  const ratio = times >= 10 ? times.toFixed(0) : times.toFixed(1);
  const price =
    lost > 0.05
      ? `at a price of ${lost.toFixed(1)} points of accuracy`
      : "without a loss of accuracy";
  return `The CMI of the right-hand teacher is ${ratio} times that of the left-hand one, ${price}.`;
}

/** What the students have learned, and how accurate a CE teacher is that was stopped early. */
export function studentsText({ students, step, steps }: Learning, early?: EarlyTeacher): string {
  if (step < steps) return "The students learn from the teachers’ outputs.";
  const { CE, control, MCMI } = students;
  const figures = `Of the 3s, the student of MCMI recognises ${percent(MCMI.onUnseen)}, that of the control ${percent(control.onUnseen)} and that of CE ${percent(CE.onUnseen)}.`;
  const price = early
    ? ` This CE teacher itself has an accuracy of ${percentOfTeacher(early.accuracy)}.`
    : "";
  const best = [
    { name: "CE", ...CE },
    { name: "the control", ...control },
    { name: "MCMI", ...MCMI },
  ].reduce((a, b) => (b.onUnseen > a.onUnseen ? b : a));
  if (best.name === "MCMI") {
    return `${figures} It learned what a 3 looks like from outputs for other digits.${price}`;
  }
  return `${figures} With these settings, ${best.name} does better than MCMI.${price}`;
}

/** What the students say about a drawing. */
export function answersText(answers: Record<StudentName, number[]>): string {
  const said = Object.entries(answers).map(([name, probabilities]) => {
    const digit = guessOf(probabilities);
    return `${name}: ${digit} (${percent(probabilities[digit]!)})`;
  });
  return `${said.join(", ")}.`;
}

export const guessOf = (probabilities: readonly number[]) =>
  probabilities.indexOf(probabilities.reduce((a, b) => Math.max(a, b)));
