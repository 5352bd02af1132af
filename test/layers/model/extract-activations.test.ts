import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { classActivationMap, gradCam } from "../../../src/index.ts";
import { extractActivations } from "../../../src/layers/index.ts";
import { expectClose, labelsOf } from "../../support.ts";

const seeded = { kernelInitializer: tfl.initializers.glorotNormal({ seed: 1 }) };
const images = () => tf.randomUniform([3, 6, 6, 1], 0, 1, "float32", 1);

/** A graph: a convolution, two poolings side by side, dropout and a dense layer. */
function network(prefix: string): tfl.LayersModel {
  const input = tfl.input({ shape: [6, 6, 1] });
  const name = (layer: string) => `${prefix}-${layer}`;
  const apply = (layer: tfl.layers.Layer, x: tfl.SymbolicTensor | tfl.SymbolicTensor[]) =>
    layer.apply(x) as tfl.SymbolicTensor;
  const conv = tfl.layers.conv2d({ name: name("maps"), filters: 4, kernelSize: 3, ...seeded });
  const maps = apply(conv, input);
  const average = apply(tfl.layers.globalAveragePooling2d({}), maps);
  const most = apply(tfl.layers.globalMaxPooling2d({ name: name("most") }), maps);
  const joined = apply(tfl.layers.concatenate(), [average, most]);
  const dropped = apply(tfl.layers.dropout({ rate: 0.5 }), joined);
  return tfl.model({
    inputs: input,
    outputs: apply(tfl.layers.dense({ name: name("logits"), units: 3, ...seeded }), dropped),
  });
}

test("both parts together equal the model, also for a graph with branches", async () => {
  const model = network("both");
  const { toActivations, toLogits } = extractActivations(model, "both-maps");
  const activations = toActivations(images());
  expect(activations.shape).toEqual([3, 4, 4, 4]);
  const expected = [...(await (model.predict(images()) as tf.Tensor).data())];
  await expectClose(toLogits(activations), { shape: [3, 3], data: expected });
  const before = tf.memory().numTensors;
  const logits = toLogits(activations);
  expect(tf.memory().numTensors - before).toBe(1);
  logits.dispose();
  expect(model.getLayer("both-maps").output).toBeDefined(); // no second node was added
});

test("gradCam of a sequential model equals the class-activation map of its dense kernel", async () => {
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        name: "maps",
        filters: 4,
        kernelSize: 3,
        inputShape: [6, 6, 1],
        ...seeded,
      }),
      tfl.layers.globalAveragePooling2d({}),
      tfl.layers.dense({ name: "logits", units: 3, ...seeded }),
    ],
  });
  const { toActivations, toLogits } = extractActivations(model, "maps");
  const activations = toActivations(images());
  const kernel = model.getLayer("logits").getWeights()[0]!;
  const cams = classActivationMap(activations, kernel, labelsOf(3, 3));
  const data = [...(await tf.relu(cams).data())].map((x) => x / 16);
  await expectClose(gradCam(activations, toLogits, labelsOf(3, 3)), { shape: [3, 4, 4], data });
});

test("rejects invalid input, naming expected and actual", () => {
  const model = network("bad");
  expect(() => extractActivations(model, "none")).toThrow(
    /extractActivations: layerNames must be layers of the model \(.*bad-maps.*\), got none/,
  );
  const { toLogits } = extractActivations(model, "bad-most");
  expect(() => toLogits(tf.ones([3, 4]))).toThrow(
    "extractActivations: layerName must name a layer on every path from the inputs to the output, got bad-most",
  );
  const input = tfl.input({ shape: [2] });
  const [a, b] = [1, 2].map((units) => tfl.layers.dense({ units }).apply(input));
  const outputs = [a, b] as tfl.SymbolicTensor[];
  const two = tfl.model({ inputs: input, outputs });
  expect(() => extractActivations(two, two.layers[1]!.name)).toThrow(
    "extractActivations: model must have a single output, got 2 outputs",
  );
});
