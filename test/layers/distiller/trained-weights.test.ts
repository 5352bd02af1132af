import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { hintLoss } from "../../../src/index.ts";
import {
  type CheckpointStore,
  type DistillationLoss,
  Distiller,
  distillationStep,
} from "../../../src/layers/index.ts";
import { memoryStore } from "../checkpoint/support.ts";
import { normal, saveAndLoad } from "../support.ts";
import { valuesOf } from "../training.ts";

const inputs = () => normal([8, 4], 1);
const labels = () => tf.oneHot(tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1], "int32"), 3);

const dense = (units: number, options: object = {}) =>
  tfl.layers.dense({
    units,
    kernelInitializer: tfl.initializers.glorotNormal({ seed: 1 }),
    ...options,
  });

/** Two dense layers, of which the first may be frozen by an option. */
const sequential = (options: object = {}) =>
  tfl.sequential({ layers: [dense(5, { inputShape: [4], ...options }), dense(3)] });

function functional(options: object = {}): tfl.LayersModel {
  const input = tfl.input({ shape: [4] });
  const hidden = dense(5, options).apply(input) as tfl.SymbolicTensor;
  return tfl.model({ inputs: input, outputs: dense(3).apply(hidden) as tfl.SymbolicTensor });
}

const loss: DistillationLoss = ({ labels, studentLogits }) =>
  tf.losses.softmaxCrossEntropy(labels, studentLogits);

type Options = Partial<ConstructorParameters<typeof Distiller>[0]>;

async function byFit(student: tfl.LayersModel, options: Options = {}, optimizer = tf.train.sgd(1)) {
  const distiller = new Distiller({ teacher: functional(), student, loss, ...options });
  distiller.compile({ optimizer });
  const { history } = await distiller.fit(inputs(), labels(), { batchSize: 8, shuffle: false });
  return history.loss![0] as number;
}

async function byStep(student: tfl.LayersModel, options: Options = {}) {
  const optimizer = tf.train.sgd(1);
  const parts = { teacher: functional(), student, loss, ...options };
  const { loss: reported } = distillationStep({ ...parts, optimizer })(inputs(), labels());
  return (await reported!.data())[0]!;
}

const weightsOf = (model: tfl.LayersModel) => valuesOf(model.layers.flatMap((x) => x.getWeights()));

const freeze = (model: tfl.LayersModel) => {
  model.layers.find((layer) => layer.getClassName() === "Dense")!.trainable = false;
  return model;
};

describe.each([
  ["Distiller.fit", byFit],
  ["distillationStep", byStep],
])("%s does not train", (_, train) => {
  test.each<[string, () => tfl.LayersModel | Promise<tfl.LayersModel>]>([
    ["a layer frozen by an option, in a sequential model", () => sequential({ trainable: false })],
    ["a layer frozen by an option, in a functional model", () => functional({ trainable: false })],
    ["a layer frozen later, in a sequential model", () => freeze(sequential())],
    ["a layer frozen later, in a functional model", () => freeze(functional())],
    ["a loaded sequential model's layer", () => saveAndLoad(sequential({ trainable: false }))],
    ["a loaded functional model's layer", () => saveAndLoad(functional({ trainable: false }))],
  ])("%s", { tags: "broad" }, async (_, create) => {
    const student = await create();
    const [kernel, bias, ...others] = await weightsOf(student);
    await train(student);
    const [kernelAfter, biasAfter, ...othersAfter] = await weightsOf(student);
    expect([kernelAfter, biasAfter]).toEqual([kernel, bias]);
    for (const [i, other] of others.entries()) expect(othersAfter[i]).not.toEqual(other);
  });

  test("a frozen layer of a head or the teacher's layers in the loss", {
    tags: "broad",
  }, async () => {
    const head = tfl.sequential({
      layers: [dense(4, { inputShape: [3], trainable: false }), dense(3)],
    });
    const frozenHead = sequential();
    frozenHead.trainable = false;
    const teacher = functional();
    const teacherHead = teacher.layers[2]!;
    const scale = tf.variable(tf.scalar(1));
    const models = [head, frozenHead, teacher];
    const before = await Promise.all(models.map(weightsOf));
    await train(sequential(), {
      teacher,
      loss: ({ studentLogits }) => {
        const wide = tf.concat([studentLogits, tf.ones([8, 2])], 1);
        const outputs = [
          head.apply(studentLogits),
          frozenHead.apply(tf.slice(wide, 0, [8, 4])),
          teacherHead.apply(wide),
        ] as tf.Tensor[];
        return tf.mul(scale, tf.mean(tf.square(tf.addN(outputs))));
      },
    });
    const after = await Promise.all(models.map(weightsOf));
    expect(after[0]!.slice(0, 2)).toEqual(before[0]!.slice(0, 2));
    expect(after[0]![2]).not.toEqual(before[0]![2]);
    expect(after.slice(1)).toEqual(before.slice(1));
    expect(await scale.data()).not.toEqual(Float32Array.of(1)); // belongs to no model
  });
});

test.each([
  ["Distiller.fit", byFit],
  ["distillationStep", byStep],
])(
  "%s adds the penalties of student and head to loss and gradient",
  { tags: "broad" },
  async (_, train) => {
    const l2 = { kernelRegularizer: tfl.regularizers.l2({ l2: 0.1 }) };
    const one = () =>
      dense(1, {
        inputShape: [4],
        useBias: false,
        kernelInitializer: "ones",
        ...l2,
      });
    const [student, head] = [one, one].map((layer) => tfl.sequential({ layers: [layer()] }));
    const reported = await train(student!, {
      loss: ({ studentLogits }) => {
        const zeros = tf.mul(tf.tile(studentLogits, [1, 4]), 0);
        return tf.sum(head!.apply(zeros) as tf.Tensor);
      },
    });
    for (const model of [student!, head!]) {
      const [kernel] = await weightsOf(model);
      for (const w of kernel!) expect(w).toBeCloseTo(1 - 2 * 0.1, 6);
    }
    expect(reported).toBeCloseTo(2 * 0.4, 6);
  },
);

test("the penalty is that of model.fit, also for a layer that the student uses twice", {
  tags: "broad",
}, async () => {
  const twice = () => {
    const input = tfl.input({ shape: [4] });
    const shared = dense(4, { kernelRegularizer: "l1l2", useBias: false });
    const once = shared.apply(input) as tfl.SymbolicTensor;
    return tfl.model({
      inputs: input,
      outputs: dense(3).apply(shared.apply(once)) as tfl.SymbolicTensor,
    });
  };
  const [own, expected] = [twice(), twice()];
  const reported = await byFit(own);
  const crossEntropy = (y: tf.Tensor, z: tf.Tensor) => tf.losses.softmaxCrossEntropy(y, z);
  expected.compile({ optimizer: tf.train.sgd(1), loss: crossEntropy });
  const fitted = await expected.fit(inputs(), labels(), { batchSize: 8, verbose: 0 });
  expect(reported).toBeCloseTo(fitted.history.loss![0] as number, 5);
  const [got, wanted] = [await weightsOf(own), await weightsOf(expected)];
  for (const [i, x] of got.flat().entries()) expect(x).toBeCloseTo(wanted.flat()[i]!, 5);
});

test("slots stay with their variables when a head joins and leaves", {
  tags: "broad",
}, async () => {
  const [early, late] = [1, 2].map(() => tf.variable(tf.zeros([2])));
  const student = tfl.sequential({ layers: [dense(2, { inputShape: [4], useBias: false })] });
  const optimizer = tf.train.momentum(0.1, 0.9);
  let step = 0;
  const run = distillationStep({
    teacher: functional(),
    student,
    optimizer,
    loss: ({ studentLogits }) => {
      // Gradient 1 for each entry of the variables in use. The late one was created first.
      const used = step++ < 3 ? [late!] : [early!, late!];
      const terms = used.map((x) => tf.sum(x));
      return tf.addN([...terms, tf.mul(tf.sum(studentLogits), 0)]) as tf.Scalar;
    },
  });
  const moved = async () => {
    const before = [await early!.data(), await late!.data()].map(([x]) => x!);
    run(inputs(), labels());
    const after = [await early!.data(), await late!.data()].map(([x]) => x!);
    return after.map((x, i) => x - before[i]!);
  };
  for (let i = 0; i < 3; i++) await moved();
  const [joined, old] = await moved();
  expect(joined).toBeCloseTo(-0.1, 5);
  expect(old).toBeCloseTo(-0.3439, 5);
});

test("Adam continues when a head of other shapes joins at epoch 1", { tags: "broad" }, async () => {
  const head = dense(5, { inputShape: [4] });
  head.apply(inputs());
  const student = sequential();
  let epoch = 0;
  const distiller = new Distiller({
    teacher: functional(),
    student,
    studentLayers: [student.layers[0]!.name],
    loss: (batch) => {
      const { labels, studentLogits, studentFeatures } = batch;
      const crossEntropy = tf.losses.softmaxCrossEntropy(labels, studentLogits);
      if (epoch === 0) return crossEntropy;
      const hint = hintLoss(studentFeatures[0]!, head.apply(inputs()) as tf.Tensor);
      return tf.add(crossEntropy, hint);
    },
  });
  distiller.compile({ optimizer: tf.train.adam(0.1) });
  const before = await valuesOf(head.getWeights());
  await distiller.fit(inputs(), labels(), {
    epochs: 3,
    callbacks: {
      onEpochBegin: async (index: number) => {
        epoch = index;
      },
    },
  });
  expect(await valuesOf(head.getWeights())).not.toEqual(before);
});

test("a layer thawed after resuming gets its own slots, and the others keep theirs", {
  tags: "broad",
}, async () => {
  const store = memoryStore();
  const train = async (isFrozen: boolean, epochs: number) => {
    const student = sequential({ trainable: !isFrozen, useBias: false });
    const distiller = new Distiller({ teacher: functional(), student, loss });
    distiller.compile({ optimizer: tf.train.momentum(0.1, 0.9) });
    // Read once, so that both runs resume from the same checkpoint.
    const bytes = await store.read();
    const checkpoint = { store: bytes ? { ...memoryStore(), read: async () => bytes } : store };
    await distiller.fit(inputs(), labels(), { epochs, seed: 1, checkpoint });
    return weightsOf(student);
  };
  await train(true, 3);
  const [frozen, thawed] = [await train(true, 4), await train(false, 4)];
  expect(thawed[0]).not.toEqual(frozen[0]);
  expect(thawed.slice(1)).toEqual(frozen.slice(1));
});

test("a run with a head that joined at epoch 1 resumes to the weights of an uninterrupted one", {
  tags: "broad",
}, async () => {
  const create = () => {
    const head = tfl.sequential({ layers: [dense(3, { inputShape: [3] })] }); // before the student
    const student = sequential();
    let epoch = 0;
    const distiller = new Distiller({
      teacher: functional(),
      student,
      loss: ({ labels, studentLogits }) => {
        const logits = epoch === 0 ? studentLogits : (head.apply(studentLogits) as tf.Tensor);
        return tf.losses.softmaxCrossEntropy(labels, logits);
      },
    });
    distiller.compile({ optimizer: tf.train.adam(0.05) });
    const callbacks = {
      onEpochBegin: async (index: number) => {
        epoch = index;
      },
    };
    const run = async (store: CheckpointStore, epochs: number) => {
      const checkpoint = { store, models: { head } };
      await distiller.fit(inputs(), labels(), { epochs, seed: 1, callbacks, checkpoint });
      return [...(await weightsOf(student)), ...(await weightsOf(head))];
    };
    return run;
  };
  const expected = await create()(memoryStore(), 4);
  const store = memoryStore();
  await create()(store, 3);
  expect(await create()(store, 4)).toEqual(expected);
});
