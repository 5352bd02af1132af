import type * as tf from "@tensorflow/tfjs-core";
import { registerTrainingKernels } from "kd-cmi/wasm";
import seedrandom from "seedrandom";
import { beforeAll, expect, test, vi } from "vitest";
import type { Images } from "../../experiments/data/images.ts";
import { range } from "../../experiments/data/order.ts";
import { models } from "../../experiments/models/index.ts";
import { eachOnce } from "../../experiments/pipeline/draws.ts";
import type { LogitsStore } from "../../experiments/pipeline/shared-logits.ts";
import { studentImages } from "../../experiments/pipeline/split.ts";
import { trainStudent } from "../../experiments/pipeline/train-student.ts";
import { recipes } from "../../experiments/recipe.ts";
import { startNodeBackend } from "../../scripts/node-backends.ts";

beforeAll(async () => {
  await startNodeBackend("wasm");
  registerTrainingKernels();
});

const random = seedrandom("students");
const images: Images = {
  pixels: Uint8Array.from({ length: 8 * 32 * 32 * 3 }, () => Math.floor(random() * 256)),
  labels: Uint8Array.from(range(8)),
  shape: [32, 32, 3],
  normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
};

/** Trains with the recipe for CIFAR, but for two epochs. */
async function train(method: "kd" | "ab", teacherSeed: number) {
  const { probes, student: network } = recipes.full;
  const schedule = { ...probes.fewImages.schedule, epochs: 2, batchSize: 4 };
  const { maps, embedding } = models[network];
  const options = { inputShape: [32, 32, 3] as const, numClasses: 10 };
  const model = models[network]({ ...options, seed: teacherSeed });
  const epochs: number[] = [];
  const plan = { network, method, share: 1, removed: [], schedule };
  const student = await trainStudent(
    plan,
    { model, maps, embedding },
    { images, draws: eachOnce(images) },
    7,
    (epoch) => {
      epochs.push(epoch);
    },
  );
  const start = models[network]({ ...options, seed: 7 });
  const [before, after] = await Promise.all([start, student].map(weightsOf));
  for (const one of [model, student, start]) one.dispose();
  return { epochs, before: before!, after: after! };
}

const weightsOf = async (model: { getWeights(): tf.Tensor[] }) =>
  (await Promise.all(model.getWeights().map((w) => w.data()))).flatMap((values) => [...values]);

test.each(["kd", "ab"] as const)(
  "%s with SGD, augmentation and normalisation changes a residual network, reproducibly",
  async (method) => {
    const one = await train(method, 1);
    expect(one.epochs).toEqual([0, 1, 2]);
    expect(one.after.every(Number.isFinite)).toBe(true);
    expect(one.after).not.toEqual(one.before);
    expect((await train(method, 1)).after).toEqual(one.after);
    expect((await train(method, 2)).after).not.toEqual(one.after);
  },
);

test("students of one teacher share its logits of augmented images, whatever their gaps", async () => {
  const teacher = models.plain128({ inputShape: [32, 32, 3], numClasses: 10, seed: 1 });
  const network = { model: teacher, maps: [], embedding: models.plain128.embedding };
  const { schedule, ...settings } = recipes.light.zeroShot;
  const train = async (removed: number[], store?: LogitsStore) => {
    const plan = {
      network: "plain64" as const,
      method: "kd" as const,
      kd: settings.kd,
      share: 1,
      removed,
      gaps: true as const,
      schedule: { ...schedule, epochs: 2, batchSize: 4 },
    };
    const seen = studentImages(images, plan, 7);
    const passes = vi.spyOn(teacher, "apply");
    const student = await trainStudent(plan, network, seen, 7, () => {}, store ? { store } : {});
    const weights = await weightsOf(student);
    student.dispose();
    const count = passes.mock.calls.length;
    passes.mockRestore();
    return { weights, passes: count };
  };
  const store: LogitsStore = new Map();
  const first = await train([3, 5], store);
  const second = await train([0, 3], store);
  // In each epoch one pass of the teacher: over all draws but 3 and 5, then over that of 5 alone.
  expect([first.passes, second.passes]).toEqual([2, 2]);
  expect(second.weights).toEqual((await train([0, 3])).weights);
  expect(first.weights).not.toEqual(second.weights);
  teacher.dispose();
});
