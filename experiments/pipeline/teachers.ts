import type * as tfl from "@tensorflow/tfjs-layers";
import { encodeCheckpoint, restoreCheckpoint } from "kd-cmi/layers";
import type { Images } from "../data/images.ts";
import { models } from "../models/index.ts";
import { fitTeacher } from "./fit-teacher.ts";
import { type TeacherPlan, withoutFineTuning } from "./plan.ts";
import type { TeacherSettings, TeacherStores } from "./teacher-store.ts";

/** What a teacher is trained on, where it is kept, and who watches. */
export interface TeacherSource {
  /** Training images, drawn from the data set by the seed. */
  train: Images;
  numClasses: number;
  stores: TeacherStores;
  /** Called with the model before each epoch of its training and after the last one. */
  onEpoch: (plan: TeacherPlan, epoch: number, model: tfl.LayersModel) => void | Promise<void>;
}

/**
 * The teacher of the settings, loaded from its store or trained and stored.
 *
 * @throws If the stored teacher cannot be read or was trained with other settings.
 */
export async function obtainTeacher(
  settings: TeacherSettings,
  source: TeacherSource,
): Promise<tfl.LayersModel> {
  const store = source.stores(settings);
  const stored = await store.read();
  if (stored) return load(stored, settings, source);
  await (settings.plan.fineTuning ? fineTune : trainFromStart)(settings, source);
  return load((await store.read())!, settings, source);
}

async function trainFromStart(settings: TeacherSettings, source: TeacherSource): Promise<void> {
  const { seed, plan } = settings;
  const { train: images, onEpoch } = source;
  const model = create(settings, source);
  const training = { model, images, schedule: plan.schedule, order: `CE ${seed}` };
  await fitTeacher(training, { regularizer: {} }, async (epoch) => {
    await onEpoch(plan, epoch, model);
    if (plan.kept.includes(epoch)) {
      await save(model, { ...settings, plan: { ...plan, epoch } }, source);
    }
  });
  model.dispose();
}

async function fineTune(settings: TeacherSettings, source: TeacherSource): Promise<void> {
  const { seed, plan } = settings;
  const { train: images, onEpoch } = source;
  const { schedule, ...objective } = plan.fineTuning!;
  const model = await obtainTeacher({ ...settings, plan: withoutFineTuning(plan) }, source);
  const training = { model, images, schedule, order: `fine-tuning ${seed}` };
  await fitTeacher(training, objective, (epoch) => onEpoch(plan, epoch, model));
  await save(model, settings, source);
  model.dispose();
}

const create = ({ seed, plan }: TeacherSettings, { numClasses, train }: TeacherSource) =>
  models[plan.network]({ inputShape: train.shape, numClasses, seed });

async function save(
  teacher: tfl.LayersModel,
  settings: TeacherSettings,
  { stores }: TeacherSource,
) {
  const state = { models: { teacher }, values: { settings } };
  await stores(settings).write(await encodeCheckpoint(state));
}

function load(
  bytes: Uint8Array,
  settings: TeacherSettings,
  source: TeacherSource,
): tfl.LayersModel {
  const { name } = source.stores(settings);
  const teacher = create(settings, source);
  const [found, expected] = [read(bytes, teacher, name), settings].map((x) => JSON.stringify(x));
  if (found === expected) return teacher;
  throw new Error(`teacher ${name} has other settings: expected ${expected}, got ${found}`);
}

/** Restores the weights and returns the settings that were saved with them. */
function read(bytes: Uint8Array, teacher: tfl.LayersModel, name: string): unknown {
  try {
    return restoreCheckpoint(bytes, { models: { teacher } }).values.settings;
  } catch (error) {
    throw new Error(`teacher ${name} cannot be read: ${(error as Error).message}`);
  }
}
