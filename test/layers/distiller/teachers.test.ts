import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { hintLoss, kdLoss } from "../../../src/index.ts";
import {
  type DistillationLoss,
  Distiller,
  type DistillerOptions,
  distillationStep,
  type LabelledDataset,
  type Teacher,
} from "../../../src/layers/index.ts";
import { valuesOf } from "../training.ts";
import { toGraphFile } from "./graph-file.ts";

const [SAMPLES, CLASSES] = [12, 3];
const inputs = () => tf.randomNormal([SAMPLES, 4], 0, 1, "float32", 1);

/** A perceptron whose hidden layer, also named in `toGraphFile`, has 5 features. */
function network(seed: number) {
  const kernelInitializer = tfl.initializers.heNormal({ seed });
  const { dense } = tfl.layers;
  const hidden = { units: 5, activation: "relu" as const, inputShape: [4], kernelInitializer };
  return tfl.sequential({
    layers: [
      dense({ ...hidden, name: "hidden" }),
      dense({ units: CLASSES, name: "logits", kernelInitializer }),
    ],
  });
}

const layersOf = (model: tfl.LayersModel) =>
  tfl.model({ inputs: model.inputs, outputs: [model.layers[0]!.output, model.outputs[0]!] as tfl.SymbolicTensor[] }); // biome-ignore format: one line

const loss: DistillationLoss = ({
  teacherLogits,
  studentLogits,
  teacherFeatures,
  studentFeatures,
}) =>
  tf.add(kdLoss(teacherLogits, studentLogits), hintLoss(teacherFeatures[0]!, studentFeatures[0]!));

function distiller(options: Partial<DistillerOptions>) {
  const student = network(2);
  const result = new Distiller({ student, loss, studentLayers: ["hidden"], ...options });
  result.compile({ optimizer: tf.train.sgd(0.1) });
  return { distiller: result, student };
}

/** The loss of each epoch, its value in validation, and the weights after training. */
async function trained(
  options: Partial<DistillerOptions>,
  fit: object = {},
  data: object = { validationData: { xs: inputs() } },
) {
  const { distiller: d, student } = distiller(options);
  const all = { batchSize: 4, epochs: 2, seed: 3, ...data, ...fit };
  const { history } = await d.fit(inputs(), undefined, all);
  return [
    [...(history.loss as number[]), ...(history.val_loss as number[])],
    ...(await valuesOf(student.getWeights())),
  ].flat();
}

function expectSame(got: number[], expected: number[]) {
  expect(got).toHaveLength(expected.length);
  for (const [i, x] of got.entries()) expect(x).toBeCloseTo(expected[i]!, 4);
}

const teacher = network(1);
const both = layersOf(teacher);
const outputs = (x: tf.Tensor) => {
  const [features, logits] = both.predict(x) as [tf.Tensor, tf.Tensor];
  return { logits, features: [features] };
};
/** Reads back and makes new tensors, as a session of another runtime does. */
const later = async (x: tf.Tensor) => {
  const own = tf.tidy(() => outputs(x));
  const copies = await Promise.all(
    [own.logits, own.features[0]!].map(async (y) => tf.tensor(await y.data(), y.shape)),
  );
  tf.dispose([own.logits, own.features]);
  return { logits: copies[0]!, features: [copies[1]!] };
};
const graph = async () => loadGraphModel(tf.io.fromMemory(await toGraphFile(teacher)));

describe("trains on the same loss from", { tags: "broad" }, () => {
  const expected = () => trained({ teacher, teacherLayers: ["hidden"] });

  test.each<[string, () => Partial<DistillerOptions> | Promise<Partial<DistillerOptions>>]>([
    ["nodes of a graph model", async () => ({ teacher: await graph(), teacherLayers: ["relu0"] })],
    ["a function", () => ({ teacher: outputs })],
    ["an asynchronous function", () => ({ teacher: later })],
    ["a cached asynchronous function", () => ({ teacher: later, cacheTeacher: true })],
  ])("%s", async (_, options) => {
    expectSame(await trained(await options()), await expected());
  });

  test("outputs that the data carry, in any order of the samples", async () => {
    const { logits: teacherLogits, features: teacherFeatures } = outputs(inputs());
    const stored = { teacherLogits, teacherFeatures };
    const validationData = { xs: inputs(), ...stored };
    expectSame(await trained({}, stored, { validationData }), await expected());
    // Those of the data count, and others come from the teacher.
    const { teacherLogits: _, ...others } = stored;
    const wrong: Teacher = () => {
      throw new Error("the teacher must not run");
    };
    expectSame(await trained({ teacher: wrong }, stored, { validationData }), await expected());
    expectSame(await trained({ teacher: outputs }, stored), await expected());
    await expect(trained({}, others)).rejects.toThrow(
      "Distiller: the loss reads teacherLogits, but the data have teacherFeatures only",
    );
  });

  test("the first share of the samples, whose stored outputs are split too", async () => {
    const { logits: teacherLogits, features: teacherFeatures } = outputs(inputs());
    const split = { validationSplit: 0.25 };
    const stored = { teacherLogits, teacherFeatures };
    expectSame(
      await trained({}, stored, split),
      await trained({ teacher, teacherLayers: ["hidden"] }, {}, split),
    );
  });

  test("elements of a data set that carry them, also in validation", async () => {
    const data = (): LabelledDataset => ({
      iterator: async () => {
        let start = 0;
        return {
          next: async () => {
            if (start >= SAMPLES) return { done: true, value: undefined };
            const xs = tf.slice(inputs(), start, 4);
            start += 4;
            const { logits: teacherLogits, features: teacherFeatures } = outputs(xs);
            return { done: false, value: { xs, teacherLogits, teacherFeatures } };
          },
        };
      },
    });
    const { distiller: d, student } = distiller({});
    const { history } = await d.fitDataset(data(), { epochs: 2, validationData: data() });
    const got = [
      [...(history.loss as number[]), ...(history.val_loss as number[])],
      ...(await valuesOf(student.getWeights())),
    ].flat();
    expectSame(got, await trained({ teacher, teacherLayers: ["hidden"] }, { shuffle: false }));
    const measured = await d.evaluateDataset(data());
    const { logits: teacherLogits, features: teacherFeatures } = outputs(inputs());
    const stored = { teacherLogits, teacherFeatures };
    const { loss: whole } = await d.evaluate(inputs(), undefined, stored);
    expect(measured.loss).toBeCloseTo(whole!, 4);
  });
});

test("distillationStep takes outputs in place of a teacher, and functions", async () => {
  const losses: number[] = [];
  const { logits: teacherLogits, features: teacherFeatures } = outputs(inputs());
  for (const [teacherOption, data] of [
    [{ teacher, teacherLayers: ["hidden"] }, {}],
    [{ teacher: outputs }, {}],
    [{}, { teacherLogits, teacherFeatures }],
    [{ teacher: later }, await later(inputs()).then((x) => ({ teacherLogits: x.logits, teacherFeatures: x.features }))], // biome-ignore format: one line
  ] as const) {
    const student = network(2);
    const options = { student, loss, studentLayers: ["hidden"], optimizer: tf.train.sgd(0.1) };
    const step = distillationStep({ ...options, ...teacherOption });
    step(inputs(), undefined, data);
    const again = step(inputs(), undefined, data);
    losses.push((await again.loss.data())[0]!);
  }
  for (const value of losses) expect(value).toBeCloseTo(losses[0]!, 5);
});

test("no teacher leaves tensors behind", async () => {
  const model = await graph();
  const [x, labels] = [inputs(), tf.zeros([SAMPLES], "int32")];
  const { logits: teacherLogits, features: teacherFeatures } = outputs(x);
  for (const [options, data] of [
    [{ teacher: model, teacherLayers: ["relu0"] }, {}],
    [{ teacher: outputs }, {}],
    [{ teacher: later }, {}],
    [{}, { teacherLogits, teacherFeatures }],
  ] as const) {
    const { distiller: d } = distiller(options);
    const fit = { batchSize: 6, validationSplit: 0.5, ...data };
    await d.fit(x, labels, fit);
    const before = tf.memory().numTensors;
    await d.fit(x, labels, fit);
    expect(tf.memory().numTensors).toBe(before);
  }
});

test("functions of any rank, and without annotation, are teachers", () => {
  const teachers: Teacher[] = [
    (x) => tf.mul(x, 2),
    (x: tf.Tensor2D) => tf.matMul(x, tf.ones<tf.Rank.R2>([4, 3])),
    async (x: tf.Tensor4D) => ({ features: [tf.avgPool(x, 2, 2, "same")] }),
    (x: tf.Tensor | tf.Tensor[]) => [x].flat()[0]!,
    // @ts-expect-error
    (x: string) => tf.zeros([x.length, 3]),
    // @ts-expect-error
    () => 3,
  ];
  for (const teacher of teachers) new Distiller({ teacher, student: network(2), loss });
});

test("a function may return tensors of its own, which stay", async () => {
  const kept = tf.randomNormal([SAMPLES, CLASSES]);
  const { distiller: d } = distiller({
    teacher: () => kept,
    loss: ({ teacherLogits, studentLogits }) => kdLoss(teacherLogits, studentLogits),
  });
  await d.fit(inputs(), undefined, { batchSize: SAMPLES });
  expect(kept.isDisposed).toBe(false);
});

describe("several outputs", () => {
  /** Outputs of 3 classes and of 2 numbers. */
  const twoHeads = (seed: number) => {
    const kernelInitializer = tfl.initializers.heNormal({ seed });
    const x = tfl.input({ shape: [4] });
    const head = (name: string, units: number) =>
      tfl.layers.dense({ name, units, kernelInitializer }).apply(x) as tfl.SymbolicTensor;
    return tfl.model({ inputs: x, outputs: [head("classes", 3), head("box", 2)] });
  };
  const loss: DistillationLoss = ({ teacherOutputs, studentOutputs }) =>
    tf.add(
      kdLoss(teacherOutputs.classes!, studentOutputs.classes!),
      tf.losses.meanSquaredError(teacherOutputs.box!, studentOutputs.box!),
    );
  const big = twoHeads(1);

  test.each<[string, Teacher]>([
    ["a model", big],
    [
      "an object with predict",
      { predict: (x: tf.Tensor | tf.Tensor[]) => big.predict(x), outputNodes: ["classes", "box"] },
    ],
    [
      "a function",
      (x: tf.Tensor) => {
        const [classes, box] = big.predict(x) as [tf.Tensor, tf.Tensor];
        return { logits: classes, outputs: { classes, box } };
      },
    ],
  ])("of %s reach the loss by name, from the cache too", { tags: "broad" }, async (_, teacher) => {
    const student = twoHeads(2);
    const d = new Distiller({ teacher, student, loss, cacheTeacher: true });
    d.compile({ optimizer: tf.train.adam(0.1) });
    const before = (await d.evaluate(inputs())).loss!;
    await d.fit(inputs(), undefined, { epochs: 8, batchSize: 4, seed: 1 });
    expect((await d.evaluate(inputs())).loss).toBeLessThan(0.5 * before);
    const [classes, box] = student.predict(inputs()) as [tf.Tensor, tf.Tensor];
    const [own, other] = big.predict(inputs()) as [tf.Tensor, tf.Tensor];
    const expected = tf.add(kdLoss(own, classes), tf.losses.meanSquaredError(other, box));
    expect((await d.evaluate(inputs())).loss).toBeCloseTo((await expected.data())[0]!, 4);
  });

  test("have no logits", async () => {
    const reads = (loss: DistillationLoss) => {
      const d = new Distiller({ teacher: big, student: twoHeads(2), loss });
      d.compile({ optimizer: "sgd" });
      return d.evaluate(inputs());
    };
    await expect(reads(({ teacherLogits }) => tf.mean(teacherLogits))).rejects.toThrow(
      "Distiller: the loss reads teacherLogits, but the teacher must have a single output [batch,...,classes]",
    );
    await expect(reads(({ studentLogits }) => tf.mean(studentLogits))).rejects.toThrow(
      "Distiller: the loss reads studentLogits, but the student must have a single output",
    );
  });

  test("of one model have its layer's name", async () => {
    let names: string[][] = [];
    const { distiller: d } = distiller({
      teacher,
      loss: ({ teacherOutputs, studentOutputs }) => {
        names = [Object.keys(teacherOutputs), Object.keys(studentOutputs)];
        return kdLoss(teacherOutputs.logits!, studentOutputs.logits!);
      },
    });
    await d.evaluate(inputs());
    expect(names).toEqual([["logits"], ["logits"]]);
  });
});

describe("rejects before the first step, naming expected and actual:", () => {
  const expectUnchanged = async (options: Partial<DistillerOptions>, data: object = {}) => {
    const { distiller: d, student } = distiller(options);
    const before = await valuesOf(student.getWeights());
    try {
      await d.fit(inputs(), undefined, data);
    } finally {
      expect(await valuesOf(student.getWeights())).toEqual(before);
    }
  };
  const logits = () => tf.zeros([SAMPLES, CLASSES]);

  test.each<[string, Partial<DistillerOptions>, object, string]>([
    [
      "no teacher at all",
      {},
      {},
      "Distiller: the loss reads teacherLogits, but there is no teacher, and the data have no teacherLogits",
    ],
    [
      "stored logits of other samples",
      {},
      { teacherLogits: tf.zeros([SAMPLES - 2, CLASSES]) },
      "Distiller.fit: teacherLogits must be float32 [12,...], got float32 [10,3]",
    ],
    [
      "stored logits without a class axis",
      {},
      { teacherLogits: tf.zeros([SAMPLES]) },
      "Distiller.fit: teacherLogits must be float32 [12,...], got float32 [12]",
    ],
    [
      "stored features as one tensor",
      {},
      { teacherFeatures: tf.zeros([SAMPLES, 5]) },
      "Distiller.fit: teacherFeatures must be a list of at least 1 tensor, got a tf.Tensor float32 [12,5]",
    ],
    [
      "stored features of other samples",
      {},
      { teacherLogits: logits(), teacherFeatures: [tf.zeros([1, 5])] },
      "Distiller.fit: teacherFeatures[0] must be float32 [12,...], got float32 [1,5]",
    ],
    [
      "stored logits without the features that the loss reads",
      {},
      { teacherLogits: logits() },
      "Distiller: the loss reads teacherFeatures, but the data have teacherLogits only",
    ],
    [
      "stored logits of another number of classes",
      { loss: ({ teacherLogits, studentLogits }) => kdLoss(teacherLogits, studentLogits) },
      { teacherLogits: tf.zeros([SAMPLES, 4]) },
      "kdLoss: studentLogits must have the shape of teacherLogits [12,4], got [12,3]",
    ],
    [
      "a function without features",
      { teacher: (x: tf.Tensor) => teacher.predict(x) as tf.Tensor },
      {},
      "Distiller: the loss reads teacherFeatures, but the teacher returned no features",
    ],
    [
      "a function that returns numbers",
      { teacher: (() => [1, 2]) as never },
      {},
      "Distiller: the teacher must return logits or {logits, features}, features a list of tensors, got an array",
    ],
    [
      "features without order",
      { teacher: (() => ({ logits: logits(), features: { low: logits() } })) as never },
      {},
      "features a list of tensors, got {logits: a tf.Tensor float32 [12,3], features: object}",
    ],
    [
      "an asynchronous function of another batch size",
      { teacher: async () => tf.zeros([1, CLASSES]) },
      {},
      "Distiller: the teacher must return a row for each of 12 samples, got [1,3]",
    ],
    [
      "a node that is not in the graph",
      {
        teacher: {
          predict: () => logits(),
          execute: () => {
            throw new Error("The output 'nope' is not found in the graph");
          },
        },
        teacherLayers: ["nope"],
      },
      {},
      "Distiller: teacherLayers must be nodes of the graph: The output 'nope' is not found in the graph",
    ],
  ])("%s", async (_, options, data, message) => {
    await expect(expectUnchanged(options, data)).rejects.toThrow(message);
  });

  test("an error of an asynchronous teacher, which leaves no tensor behind", async () => {
    const fails = async () => {
      await Promise.resolve();
      throw new Error("the service is not available");
    };
    await expect(expectUnchanged({ teacher: fails })).rejects.toThrow(
      "the service is not available",
    );
    const wrong = async () => {
      await Promise.resolve();
      return { logits: tf.zeros([1, 3]) };
    };
    const { distiller: d } = distiller({ teacher: wrong });
    const x = inputs();
    const before = tf.memory().numTensors;
    await expect(d.fit(x)).rejects.toThrow("a row for each of 12 samples");
    expect(tf.memory().numTensors).toBe(before);
  });

  test("names of layers for a teacher without", () => {
    const build = (options: object) => () =>
      new Distiller({ student: network(2), loss, teacherLayers: ["hidden"], ...options });
    const needs = "Distiller: teacherLayers needs a tf.LayersModel or a tf.GraphModel";
    expect(build({ teacher: () => logits() })).toThrow(
      `${needs}, got a function, which returns {logits, features}`,
    );
    expect(build({})).toThrow(`${needs}, got no teacher`);
    expect(build({ teacher: { predict: logits } })).toThrow(
      `${needs}, which has a function execute, got a teacher without`,
    );
  });

  test("a promise where a synchronous step is needed", async () => {
    const student = network(2);
    const before = await valuesOf(student.getWeights());
    const optimizer = tf.train.sgd(0.1);
    const step = distillationStep({ teacher: later, student, loss, optimizer });
    expect(() => step(inputs())).toThrow(
      "distillationStep: the teacher must return tensors, got a Promise; await its outputs and pass them to the step as {teacherLogits}",
    );
    expect(await valuesOf(student.getWeights())).toEqual(before);
    const none = distillationStep({ student, loss, optimizer });
    expect(() => none(inputs(), undefined, { teacherLogits: tf.zeros([1, 3]) })).toThrow(
      "distillationStep: teacherLogits must be float32 [12,...], got float32 [1,3]",
    );
    expect(() => none(inputs(), undefined, { logits: logits() } as never)).toThrow(
      "distillationStep: data must be an object with only indices, weights, teacherLogits, teacherFeatures, got logits",
    );
  });

  test("a loss or a metric that reads missing labels", async () => {
    const reads = ({ labels }: { labels: tf.Tensor }) => tf.mean(labels);
    await expect(expectUnchanged({ teacher, loss: reads })).rejects.toThrow(
      "Distiller: the loss reads labels, which the data lack",
    );
    const { distiller: d } = distiller({ teacher, teacherLayers: ["hidden"] });
    d.compile({ optimizer: "sgd", metrics: ["accuracy"] });
    await expect(d.fit(inputs())).rejects.toThrow(
      "Distiller: the metric acc needs labels, which the data lack",
    );
    await expect(expectUnchanged({ teacher }, { classWeight: { 0: 1 } })).rejects.toThrow(
      "Distiller.fit: classWeight needs labels, got data without",
    );
  });
});
