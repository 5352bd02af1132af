import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test, vi } from "vitest";
import { CentroidCallback, CmiMonitor, compiledMcmiLoss } from "../../../src/layers/index.ts";
import {
  asLogits,
  checkClassifier,
  finalActivation,
  warnOfFromLogits,
  warnOfProbabilities,
} from "../../../src/layers/model/classifier-output.ts";
import { expectClose, reference, valueAndGrad } from "../../support.ts";
import { network, samples, uniform } from "../training.ts";

const { activation, dense, dropout, reshape, softmax } = tfl.layers;
const ending = (...layers: tfl.layers.Layer[]) =>
  tfl.sequential({ layers: [dense({ units: 3, inputShape: [4] }), ...layers] });

test("a final softmax or sigmoid is detected in every form, and only there", () => {
  const withSoftmax = [
    network("softmax"),
    ending(softmax()),
    ending(activation({ activation: "softmax" })),
    ending(softmax(), reshape({ targetShape: [3] }), dropout({ rate: 0.5 })),
    ending(tfl.sequential({ layers: [softmax({ inputShape: [3] })] })),
  ];
  const input = tfl.input({ shape: [4] });
  const outputs = network("softmax").apply(input) as tfl.SymbolicTensor;
  expect([...withSoftmax, tfl.model({ inputs: input, outputs })].map(finalActivation)).toEqual(
    Array(6).fill("softmax"),
  );
  const withSigmoid = [
    ending(dense({ units: 3, activation: "sigmoid" })),
    ending(activation({ activation: "sigmoid" }), reshape({ targetShape: [3] })),
  ];
  expect(withSigmoid.map(finalActivation)).toEqual(["sigmoid", "sigmoid"]);
  const without = [
    network(),
    ending(softmax(), dense({ units: 3 })),
    ending(reshape({ targetShape: [3] })),
  ];
  expect(without.map(finalActivation)).toEqual([undefined, undefined, undefined]);
});

test("the logits of probabilities are their logarithms, finite with finite gradients at 0", async () => {
  const p = tf.tensor2d([[0, 0.25, 1]]);
  const { value, grad } = valueAndGrad((x) => asLogits("f", x, false), p);
  await expectClose(value, reference([[-85.195647, -1.386294, 0]]));
  await expectClose(grad, reference([[0, 4, 1]]));
  expect(asLogits("f", p, true)).toBe(p);
});

test("probabilities used as logits cause one warning with advice", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const { xs, ys, labels } = samples(6);
  const centroids = uniform();
  const warnings = async (activation: "softmax" | "linear", fromLogits: boolean | undefined) => {
    warn.mockClear();
    const pass = { fromLogits };
    for (const callbacks of [
      [new CentroidCallback(centroids, { strategy: "ema" })],
      [new CentroidCallback(centroids, { data: { xs, ys: labels }, ...pass })],
      [new CmiMonitor({ xs, ys }, pass)],
    ]) {
      const model = network(activation);
      const loss = compiledMcmiLoss(centroids, { lambda: 0.1, fromLogits });
      model.compile({ optimizer: tf.train.sgd(0.1), loss });
      await model.fit(xs, ys, { epochs: 2, batchSize: 2, verbose: 0, callbacks });
    }
    return warn.mock.calls.map(([text]) => text);
  };
  const advice = (fn: string) =>
    `${fn}: the model ends in a softmax, but fromLogits is true. Pass fromLogits: false to ${fn} and to compiledMcmiLoss, or remove the softmax.`;
  const names = ["CentroidCallback", "CentroidCallback", "CmiMonitor"];
  expect(await warnings("softmax", undefined)).toEqual(names.map(advice));
  expect(await warnings("softmax", false)).toEqual([]);
  expect(await warnings("linear", true)).toEqual([]);
  warn.mockRestore();
});

test("a sigmoid, and probabilities given to a loss of logits, have advice of their own", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const sigmoid = () => ending(activation({ activation: "sigmoid" }));
  const model = sigmoid();
  warnOfFromLogits("f", model);
  warnOfFromLogits("f", model);
  warnOfProbabilities("f", "student", sigmoid());
  warnOfProbabilities("f", "teacher", network("softmax"));
  warnOfProbabilities("f", "teacher", network());
  expect(warn.mock.calls.map(([text]) => text)).toEqual([
    "f: the model ends in a sigmoid, but fromLogits is true. Remove the sigmoid.",
    "f: the student ends in a sigmoid, but losses use studentLogits as logits. Remove the sigmoid, or pass the model up to it: tf.model({inputs, outputs: logits}).",
    "f: the teacher ends in a softmax, but losses use teacherLogits as logits. Remove the softmax, or pass the model up to it: tf.model({inputs, outputs: logits}).",
  ]);
  warn.mockRestore();
});

test("an activation of another kind among several outputs is passed over", () => {
  const input = tfl.input({ shape: [4] });
  const outputs = [dense({ units: 2 }), dense({ units: 3, activation: "sigmoid" })].map(
    (layer) => layer.apply(input) as tfl.SymbolicTensor,
  );
  expect(finalActivation(tfl.model({ inputs: input, outputs }))).toBe("sigmoid");
});

test("checkClassifier names the outputs of a model that is no classifier", () => {
  const input = tfl.input({ shape: [4] });
  const [a, b] = [2, 3].map((units) => dense({ units }).apply(input) as tfl.SymbolicTensor);
  const pair = tfl.model({ inputs: input, outputs: [a!, b!] });
  const scalar = { outputs: [{ shape: [null] }] } as unknown as tfl.LayersModel;
  for (const [model, classes] of [
    [network(), undefined],
    [network(), 3],
    [tfl.sequential({ layers: [reshape({ targetShape: [2, 3], inputShape: [6] })] }), 3],
  ] as const) {
    expect(() => checkClassifier("f", model, classes)).not.toThrow();
  }
  const cases: [tfl.LayersModel, number | undefined, string][] = [
    [network(), 4, "a single output [batch,...,4], got [batch,3]"],
    [pair, undefined, "a single output [batch,...,classes], got [batch,2] and [batch,3]"],
    [pair, 2, "a single output [batch,...,2], got [batch,2] and [batch,3]"],
    [scalar, undefined, "a single output [batch,...,classes], got [batch]"],
  ];
  for (const [model, classes, expected] of cases) {
    expect(() => checkClassifier("f", model, classes)).toThrow(
      new Error(`f: model must have ${expected}`),
    );
  }
});
