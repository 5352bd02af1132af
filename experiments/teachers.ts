import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type * as tfl from "@tensorflow/tfjs-layers";
import { loadModel, saveModel } from "./common/files.ts";
import { fitTeacher } from "./common/teacher.ts";
import type { Images } from "./data/images.ts";
import { models } from "./models/index.ts";
import { type Plan, type TeacherPlan, withoutFineTuning } from "./plan.ts";

/** What a teacher depends on beside its plan. */
export interface TeacherSource {
  dataset: string;
  classes: number;
  /** Training images, drawn from the data set by the seed. */
  train: Images;
  images: Plan["images"];
  seed: number;
  backend: string;
  /** Where teachers are kept from run to run. */
  folder: string;
  onEpoch: (label: string) => void;
}

/** The teacher of a plan: kept from an earlier run, or trained now and kept. */
export async function obtainTeacher(
  plan: TeacherPlan,
  source: TeacherSource,
): Promise<tfl.LayersModel> {
  const kept = keptTeacher(plan, source);
  if (!existsSync(kept.path)) await (plan.fineTuning ? fineTune : trainFromStart)(plan, source);
  return loadModel(kept.path, kept.settings);
}

async function trainFromStart(plan: TeacherPlan, source: TeacherSource): Promise<void> {
  const { train: images, seed, onEpoch } = source;
  const model = create(plan, source);
  const training = { model, images, schedule: plan.schedule, order: `CE ${seed}` };
  await fitTeacher(training, {}, async (epoch) => {
    if (epoch > 0) onEpoch(`teacher, epoch ${epoch} of ${plan.schedule.epochs}`);
    if (plan.kept.includes(epoch)) await keep(model, { ...plan, epoch }, source);
  });
  model.dispose();
}

async function fineTune(plan: TeacherPlan, source: TeacherSource): Promise<void> {
  const { train: images, seed, onEpoch } = source;
  const { schedule, regularizer } = plan.fineTuning!;
  const model = await obtainTeacher(withoutFineTuning(plan), source);
  const training = { model, images, schedule, order: `fine-tuning ${seed}` };
  await fitTeacher(training, regularizer, (epoch) => {
    if (epoch > 0) onEpoch(`fine-tuning, epoch ${epoch} of ${schedule.epochs}`);
  });
  await keep(model, plan, source);
  model.dispose();
}

const create = ({ network }: TeacherPlan, { classes, train, seed }: TeacherSource) =>
  models[network]({ inputShape: train.shape, numClasses: classes, seed });

/** Where a teacher is kept, and what must not be mistaken for another. */
function keptTeacher(plan: TeacherPlan, source: TeacherSource) {
  const { dataset, images, seed, backend, folder } = source;
  const settings = { dataset, images, seed, backend, plan };
  const hash = createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 16);
  return { path: join(folder, `${plan.network}-${hash}.json`), settings };
}

function keep(model: tfl.LayersModel, plan: TeacherPlan, source: TeacherSource) {
  const { path, settings } = keptTeacher(plan, source);
  return saveModel(model, path, settings);
}
