import * as tf from "@tensorflow/tfjs-core";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { beforeAll, describe, expect, test } from "vitest";
import { range } from "../../experiments/data/order.ts";
import {
  type Batch,
  type MethodName,
  methods,
  type Network,
  type Setup,
} from "../../experiments/methods/index.ts";
import { beforeRelu } from "../../experiments/methods/layers.ts";
import { fromOtherClasses } from "../../experiments/methods/negatives.ts";
import { type ModelName, models } from "../../experiments/models/index.ts";
import { startNodeBackend } from "../../scripts/node-backends.ts";

beforeAll(async () => {
  await startNodeBackend("wasm");
  registerTrainingKernels();
});

const SIZE = 24;
const BATCH = 8;
const LABELS = Uint8Array.from(range(SIZE), (place) => place % 10);

/** Numbers of variables that each method trains in addition to the student's eight. */
const OWN: Record<MethodName, number> = {
  kd: 0,
  "kd-std": 0,
  dkd: 0,
  dist: 0,
  hint: 4, // a convolution and its normalisation
  at: 0,
  vid: 8, // two regressors of three kernels and a scale
  nst: 0,
  fsp: 0,
  ft: 12, // the translator: three convolutions and their normalisations
  ab: 0,
  review: 26, // for three stages two normalised convolutions, for two of them two attentions
  sp: 0,
  cc: 4, // two projections
  rkd: 0,
  pkt: 0,
  crd: 4,
  "crd-in-batch": 4,
  hsakd: 10, // heads of one normalised convolution and a layer of logits
};
const names = Object.keys(methods) as MethodName[];

function network(name: ModelName, seed: number): Network {
  const { maps, embedding } = models[name];
  const model = models[name]({ inputShape: [28, 28, 1], numClasses: 10, seed });
  return { model, maps, embedding };
}

/** The batches of an epoch, the same each time. */
function* batches(): Generator<Batch> {
  for (let first = 0; first < SIZE; first += BATCH) {
    const places = range(BATCH).map((i) => first + i);
    yield {
      inputs: tf.randomUniform([BATCH, 28, 28, 1], 0, 1, "float32", 1 + first),
      labels: tf.tensor1d(
        places.map((place) => LABELS[place]!),
        "int32",
      ),
      indices: tf.range(first, first + BATCH, 1, "int32"),
      places,
      draws: places,
    };
  }
}

const setUp = (teacher: Network, student: Network, seed = 1): Setup => ({
  teacher,
  teacherLogits: ({ inputs }) => teacher.model.apply(inputs) as tf.Tensor2D,
  student,
  optimizer: tf.train.adam(1e-3),
  createOptimizer: () => tf.train.adam(1e-3),
  numClasses: 10,
  labels: LABELS,
  imagesPerEpoch: LABELS.length,
  strength: 1,
  epochs: 2,
  seed,
  batches,
});

/** All weights as bytes, which compare fast and fail in one line. */
async function weightsOf({ model }: Network): Promise<Buffer> {
  const values = await Promise.all(model.getWeights().map((x) => x.data<"float32">()));
  return Buffer.concat(values.map((x) => Buffer.from(x.buffer, x.byteOffset, x.byteLength)));
}

const areFinite = (weights: Buffer) =>
  new Float32Array(new Uint8Array(weights).buffer).every(Number.isFinite);

/** Trains a student for two epochs from the same initial weights. */
async function train(
  name: MethodName,
  { teacherSeed = 1, seed = 1, studentName = "cnn-light" as ModelName, strength = 1 } = {},
) {
  const start = tf.memory().numTensors;
  const [teacher, student] = [network("cnn-small", teacherSeed), network(studentName, 2)];
  const setup = { ...setUp(teacher, student, seed), strength };
  const before = { teacher: await weightsOf(teacher), student: await weightsOf(student) };

  const distillation = await methods[name](setup);
  const tensors: number[] = [];
  for (let epoch = 0; epoch < 2; epoch++) {
    for (const batch of batches()) {
      distillation.step(batch);
      tf.dispose({ ...batch });
      tensors.push(tf.memory().numTensors);
    }
  }
  const after = { teacher: await weightsOf(teacher), student: await weightsOf(student) };
  const slots = await setup.optimizer.getWeights();

  slots[0]!.tensor.dispose(); // the number of steps, a new tensor
  distillation.dispose();
  setup.optimizer.dispose();
  teacher.model.dispose();
  student.model.dispose();
  return { before, after, tensors, slots: slots.length, left: tf.memory().numTensors - start };
}

describe.each(names)("%s", (name) => {
  let run: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    run = await train(name);
  });

  test("trains the student and its own parts, not the teacher", () => {
    const { before, after, slots } = run;
    expect(after.teacher.equals(before.teacher)).toBe(true);
    expect(after.student.equals(before.student)).toBe(false);
    expect(areFinite(after.student)).toBe(true);
    expect(slots).toBe(1 + 2 * (8 + OWN[name])); // Adam's step count and two moments
  });

  test("leaks no tensors", () => {
    expect(new Set(run.tensors.slice(1)).size).toBe(1); // the first step creates the optimizer's tensors
    expect(run.left).toBe(0);
  });

  test("is reproducible, and depends on the teacher", async () => {
    const again = await train(name);
    expect(again.after.student.equals(run.after.student)).toBe(true);
    const other = await train(name, { teacherSeed: 3 });
    expect(other.after.student.equals(run.after.student)).toBe(false);
  });
});

/** `fsp` and `ab` do not use the teacher after their first stage. `kd` has a weight of its own. */
const withoutWeight: MethodName[] = ["kd", "kd-std", "fsp", "ab"];
const withWeight = names.filter((name) => !withoutWeight.includes(name));
test.each(withWeight)("%s with strength 0 does not depend on the teacher", async (name) => {
  const [one, other] = [
    await train(name, { strength: 0 }),
    await train(name, { strength: 0, teacherSeed: 3 }),
  ];
  expect(other.after.student.equals(one.after.student)).toBe(true);
  expect(one.after.student.equals(one.before.student)).toBe(false);
});

const withParts = names.filter((name) => OWN[name] > 0);
test.each(withParts)("%s initializes its own models from the seed", async (name) => {
  const [one, other] = [await train(name), await train(name, { seed: 2 })];
  expect(other.after.student.equals(one.after.student)).toBe(false);
});

test("ab connects maps of different shapes", async () => {
  const { before, after, slots, left } = await train("ab", { studentName: "cnn-tiny" });
  expect(after.student.equals(before.student)).toBe(false);
  expect(slots).toBe(1 + 2 * 8); // the connectors are disposed of after the first stage
  expect(left).toBe(0);
});

test("fsp rejects networks with different channels, naming expected and actual", async () => {
  const expected =
    "method fsp: channels of cnn-tiny must equal those of cnn-small, 16, 32, got 4, 8";
  await expect(train("fsp", { studentName: "cnn-tiny" })).rejects.toThrow(expected);
});

test.each([
  ["cnn-tiny", ["low_conv", "high_conv"]],
  ["resnet20", ["stage1_block3_add", "stage2_block3_add", "stage3_block3_add"]],
  ["wrn-16-2", ["stage2_block1_bn1", "stage3_block1_bn1", "last_bn"]],
  ["MobileNetV2", models.MobileNetV2.maps], // these maps have no ReLU
] as const)("beforeRelu finds the maps of %s before ReLU", (name, expected) => {
  const built = network(name, 1);
  expect(built.maps.map((map) => beforeRelu(built, map))).toEqual(expected);
  built.model.dispose();
});

describe("fromOtherClasses", () => {
  const labels = Uint8Array.from([0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
  const setup = { labels, numClasses: 3, seed: 1 };
  const drawn = (count: number, places = [0, 1, 5], seed = 1) => {
    const rows = fromOtherClasses({ ...setup, seed }, count)(places);
    expect([rows.shape, rows.dtype]).toEqual([[places.length, 1 + count], "int32"]);
    return rows.arraySync();
  };

  test("draws rows of other classes without replacement after the image's own row", () => {
    for (const [own, ...others] of drawn(5)) {
      expect(others.every((row) => labels[row] !== labels[own!])).toBe(true);
      expect(new Set(others).size).toBe(5);
    }
    expect(drawn(5).map(([own]) => own)).toEqual([0, 1, 5]);
  });

  test("draws with replacement if there are too few rows", () => {
    for (const [own, ...others] of drawn(50)) {
      expect(others.every((row) => labels[row] !== labels[own!])).toBe(true);
      expect(new Set(others).size).toBe(labels.filter((label) => label !== labels[own!]).length);
    }
  });

  test("is reproducible and uniform", () => {
    expect(drawn(3)).toEqual(drawn(3));
    expect(drawn(3, [0, 1, 5], 2)).not.toEqual(drawn(3));
    const places = range(2000).map(() => 0);
    const rows = drawn(3, places).flatMap(([, ...others]) => others);
    for (const row of [1, 2, 4, 5, 7, 8]) {
      const share = rows.filter((other) => other === row).length / rows.length;
      expect(share).toBeCloseTo(1 / 6, 1.5);
    }
  });

  test("rejects images of one class", () => {
    const draw = fromOtherClasses({ ...setup, labels: new Uint8Array(4) }, 2);
    expect(() => draw([0])).toThrow("method crd: images must be of at least two classes, got one");
  });
});

describe("networks without maps", () => {
  const distil = async (name: MethodName) => {
    const setup = setUp(network("mlp-64", 1), network("mlp-64", 2));
    const [batch] = batches();
    const distillation = await methods[name](setup);
    distillation.step(batch!);
    return weightsOf(setup.student);
  };
  const needMaps: MethodName[] = [
    "hint",
    "at",
    "vid",
    "nst",
    "fsp",
    "ft",
    "ab",
    "review",
    "sp",
    "hsakd",
  ];

  test.each(needMaps)("%s rejects a network without maps", async (name) => {
    const expected = `method ${name}: network must have maps, got mlp-64`;
    await expect(distil(name)).rejects.toThrow(expected);
  });

  test.each(names.filter((name) => !needMaps.includes(name)))("%s needs no maps", async (name) => {
    expect(areFinite(await distil(name))).toBe(true);
  });
});
