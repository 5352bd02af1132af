import type * as tfl from "@tensorflow/tfjs-layers";
import type { Progress } from "./common/jobs.ts";
import { type Dataset, pick } from "./data/images.ts";
import { lookAtMaps, lookAtStudent, lookAtTeacher, softCmi } from "./look.ts";
import { models } from "./models/index.ts";
import type { Outcome, Plan, StudentPlan, TeacherOutcome } from "./plan.ts";
import { type Split, split, studentImages } from "./split.ts";
import { trainStudent } from "./students.ts";
import { obtainTeacher } from "./teachers.ts";

/** All runs of a seed that are to be done; those of a teacher follow each other. */
export interface Job {
  backend: string;
  /** As on the command line. */
  dataset: string;
  seed: number;
  plans: readonly Plan[];
  /** Where teachers are kept. */
  folder: string;
}

/** Where a job stands, and the run that is done with it. */
export interface JobProgress extends Progress {
  finished?: { plan: Plan; outcome: Outcome; seconds: number };
}

/** The teacher of the last run, which that of the next one usually is too. */
interface TeacherAtHand {
  key: string;
  model: tfl.LayersModel;
  outcome: TeacherOutcome;
}

/** Does all runs of a job one after another and reports each as soon as it is done. */
export async function runJob(
  { backend, seed, plans, folder }: Job,
  data: Dataset,
  onProgress: (progress: JobProgress) => void,
): Promise<void> {
  let atHand: TeacherAtHand | undefined;
  for (const [i, plan] of plans.entries()) {
    const start = performance.now();
    const onEpoch = (label: string, share = 0) =>
      onProgress({ done: (i + share) / plans.length, label });
    const images = split(data, plan.images, seed);

    const key = JSON.stringify(plan.teacher);
    if (atHand?.key !== key) {
      atHand?.model.dispose();
      const model = await obtainTeacher(plan.teacher, {
        dataset: data.name,
        classes: data.classNames.length,
        train: images.train,
        images: plan.images,
        seed,
        backend,
        folder,
        onEpoch,
      });
      atHand = { key, model, outcome: await lookAtTeacher(model, images) };
    }
    const { model, outcome: teacher } = atHand;
    const { student, maps, softCmi: temperature } = plan;
    const outcome: Outcome = {
      teacher,
      ...(student && { student: await runStudent(plan, student, model, images, seed, onEpoch) }),
      ...(temperature && { softCmi: await softCmi(model, images.train, temperature) }),
      ...(maps && { maps: await lookAtMaps(model, maps, data.test) }),
    };
    const seconds = Math.round((performance.now() - start) / 100) / 10;
    const label = `run ${i + 1} of ${plans.length} done`;
    onProgress({ done: (i + 1) / plans.length, label, finished: { plan, outcome, seconds } });
  }
  atHand?.model.dispose();
}

async function runStudent(
  { teacher }: Plan,
  plan: StudentPlan,
  model: tfl.LayersModel,
  images: Split,
  seed: number,
  onEpoch: (label: string, share: number) => void,
) {
  const { maps, embedding } = models[teacher.network];
  const seen = pick(images.train, studentImages(images.train, plan, seed));
  const { method, schedule } = plan;
  const student = await trainStudent(plan, { model, maps, embedding }, seen, seed, (epoch) =>
    onEpoch(`student by ${method}, epoch ${epoch} of ${schedule.epochs}`, epoch / schedule.epochs),
  );
  const outcome = await lookAtStudent(student, images, plan);
  student.dispose();
  return outcome;
}
