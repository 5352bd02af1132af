import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { gradCam } from "../../../src/index.ts";
import { Distiller, extractActivations, featureExtractor } from "../../../src/layers/index.ts";
import { expectClose, labelsOf } from "../../support.ts";
import { normal, setWeights } from "../support.ts";
import { valuesOf } from "../training.ts";

let count = 0;

/** Dropout and batch normalisation show a second pass, by other features and by other statistics. */
function backbone(isFunctional: boolean): tfl.LayersModel {
  const layers = [
    tfl.layers.conv2d({ name: "maps", filters: 3, kernelSize: 3, inputShape: [6, 6, 1] }),
    tfl.layers.batchNormalization({ momentum: 0.5 }),
    tfl.layers.dropout({ name: "dropped", rate: 0.5 }),
    tfl.layers.globalAveragePooling2d({ name: "pooled" }),
  ];
  const name = `backbone-${count++}`;
  if (!isFunctional) return tfl.sequential({ name, layers });
  const input = tfl.input({ shape: [6, 6, 1] });
  const output = layers.reduce((x, layer) => layer.apply(x) as tfl.SymbolicTensor, input);
  return tfl.model({ name, inputs: input, outputs: output });
}

function classifier(isFunctional: boolean) {
  const inner = backbone(isFunctional);
  const input = tfl.input({ shape: [6, 6, 1] });
  const pooled = inner.apply(input) as tfl.SymbolicTensor;
  const logits = tfl.layers.dense({ name: `logits-${inner.name}`, units: 3 });
  const model = tfl.model({ inputs: input, outputs: logits.apply(pooled) as tfl.SymbolicTensor });
  setWeights(model);
  return { model, inner, logits: logits.name };
}

const images = () => normal([3, 6, 6, 1], 1);

const arrays = (tensors: tf.Tensor | tf.Tensor[]) => valuesOf([tensors].flat());

test("the output layer and a repeated layer give their outputs each time", async () => {
  const layers = [tfl.layers.dense({ name: "hidden", units: 4, inputShape: [2] })];
  const model = tfl.sequential({
    layers: [...layers, tfl.layers.dense({ name: "out", units: 3 })],
  });
  const x = normal([5, 2], 1);
  const outputs = featureExtractor(model, ["hidden", "out", "hidden", "out"]).predict(x);
  const [first, out, second, again] = await arrays(outputs as tf.Tensor[]);
  expect(second).toEqual(first);
  expect(again).toEqual(out);
  expect(out).toEqual((await arrays(model.predict(x) as tf.Tensor))[0]);
});

test.each([
  ["a sequential", false],
  ["a functional", true],
])(
  "paths name layers of %s model within a model, evaluated in one pass",
  async (_, isFunctional) => {
    const { model, inner, logits } = classifier(isFunctional);
    const paths = ["maps", "dropped", "pooled"].map((name) => `${inner.name}/${name}`);
    const uses = () => [...model.layers, ...inner.layers].map((x) => x.inboundNodes.length);
    const usesBefore = uses();
    const extractor = featureExtractor(model, [...paths, inner.name, logits]);
    const inference = await arrays(extractor.predict(images()) as tf.Tensor[]);
    const direct = featureExtractor(inner, ["maps", "dropped", "pooled"]);
    expect(inference.slice(0, 3)).toEqual(await arrays(direct.predict(images()) as tf.Tensor[]));
    expect(inference[4]).toEqual((await arrays(model.predict(images()) as tf.Tensor))[0]);

    const before = tf.memory().numTensors;
    const outputs = extractor.apply(images(), { training: true }) as tf.Tensor[];
    const [, dropped, pooled, whole] = outputs as [tf.Tensor4D, tf.Tensor4D, tf.Tensor, tf.Tensor];
    expect(await whole.data()).toEqual(await pooled.data());
    await expectClose(tf.mean(dropped, [1, 2]), {
      shape: pooled.shape,
      data: [...(await pooled.data())],
    });
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(8);
    expect(extractor.trainableWeights).toHaveLength(model.trainableWeights.length);
    expect(uses()).toEqual(usesBefore);
  },
);

test("a Distiller trains on features by path and on the output layer, with one pass a step", {
  tags: "broad",
}, async () => {
  const { model, inner, logits } = classifier(true);
  const frozen = inner.getLayer("maps");
  frozen.trainable = false;
  const before = await arrays(model.getWeights());
  const seen: tf.Tensor[] = [];
  const distiller = new Distiller({
    teacher: classifier(false).model,
    student: model,
    studentLayers: [`${inner.name}/maps`, logits, logits],
    loss: ({ studentFeatures: [maps, first, second], studentLogits }) => {
      seen.push(...[first!, second!, studentLogits].map((x) => tf.keep(tf.clone(x))));
      return tf.add(tf.mean(tf.square(maps!)), tf.mean(tf.square(studentLogits)));
    },
  });
  distiller.compile({ optimizer: tf.train.sgd(0.1) });
  await distiller.fit(images(), labelsOf(3, 3));
  const [first, second, studentLogits] = await arrays(seen);
  expect([first, second]).toEqual([studentLogits, studentLogits]);
  const after = await arrays(model.getWeights());
  const changed = model.weights.map((_, i) => String(after[i]) !== String(before[i]));
  expect(changed.filter(Boolean).length).toBe(model.weights.length - 2);
});

test("a model that is the first of a sequence gives its output and those of its layers", async () => {
  const inner = backbone(true);
  const outer = tfl.sequential({ layers: [inner, tfl.layers.dense({ units: 3 })] });
  setWeights(outer);
  const paths = [`${inner.name}/maps`, inner.name, `${inner.name}/pooled`];
  const features = featureExtractor(outer, paths).predict(images()) as tf.Tensor[];
  const [maps, output, pooled] = await arrays(features);
  const own = featureExtractor(inner, ["maps", "pooled"]).predict(images()) as tf.Tensor[];
  expect([maps, pooled]).toEqual(await arrays(own));
  expect(output).toEqual(pooled);
});

test("gradCam explains by a layer within a nested model", async () => {
  const { model, inner } = classifier(true);
  const { toActivations, toLogits } = extractActivations(model, `${inner.name}/maps`);
  const activations = toActivations(images());
  expect(activations.shape).toEqual([3, 4, 4, 3]);
  const expected = [...(await (model.predict(images()) as tf.Tensor).data())];
  await expectClose(toLogits(activations), { shape: [3, 3], data: expected });
  expect(gradCam(activations, toLogits, labelsOf(3, 3)).shape).toEqual([3, 4, 4]);
});

test("a layer that another model uses too gives its output in this model", async () => {
  const shared = tfl.layers.dense({ name: "shared", units: 3 });
  const [a, b] = [tfl.input({ shape: [2] }), tfl.input({ shape: [2] })];
  const build = (input: tfl.SymbolicTensor) =>
    tfl.model({ inputs: input, outputs: shared.apply(input) as tfl.SymbolicTensor });
  const [first, second] = [build(a), build(b)];
  for (const model of [first, second]) {
    const x = normal([4, 2], 1);
    const features = featureExtractor(model, ["shared"]).predict(x) as tf.Tensor;
    expect(await arrays(features)).toEqual(await arrays(model.predict(x) as tf.Tensor));
  }
});

test("rejects unknown paths and layers used twice, naming expected and actual", () => {
  const { model, inner, logits } = classifier(true);
  const extract = (name: string) => () => featureExtractor(model, [name]);
  expect(extract(`${inner.name}/none`)).toThrow(
    /featureExtractor: layerNames must be layers of the model \(.*maps.*\), got none/,
  );
  expect(extract(`${logits}/none`)).toThrow(
    `featureExtractor: ${logits} of layer ${logits}/none must be a model, got Dense`,
  );
  const input = tfl.input({ shape: [3] });
  const shared = tfl.layers.dense({ name: "twice", units: 3 });
  const once = shared.apply(input);
  const twice = tfl.model({ inputs: input, outputs: shared.apply(once) as tfl.SymbolicTensor });
  expect(() => featureExtractor(twice, ["twice"])).toThrow(
    "featureExtractor: layer twice must be used once in the model, got 2 uses",
  );
});

test("rejects paths in a model with masks, naming expected and actual", () => {
  const embedding = { name: "words", inputDim: 5, outputDim: 3, maskZero: true, inputLength: 4 };
  const state = { name: "state", units: 2, recurrentInitializer: "glorotNormal" } as const;
  const model = tfl.sequential({
    layers: [tfl.layers.embedding(embedding), tfl.layers.simpleRNN(state)],
  });
  expect(featureExtractor(model, ["state"]).outputs).toHaveLength(1);
  expect(() => featureExtractor(model, ["state", "state"])).toThrow(
    "featureExtractor: the model must be without masks for paths into nested models and for repeated layers, got layer words",
  );
});
