import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import { CentroidCallback, compiledMcmiLoss, featureExtractor } from "../../src/layers/index.ts";
import { labelsOf, logitsOf } from "../support.ts";

const dense = (units: number, config: object = {}) =>
  tfl.layers.dense({
    units,
    kernelInitializer: tfl.initializers.glorotNormal({ seed: 1 }),
    ...config,
  });

const network = (activation?: "softmax") =>
  tfl.sequential({
    layers: [
      dense(8, { name: `hidden-${activation}`, activation: "relu", inputShape: [4] }),
      dense(3, activation ? { activation } : {}),
    ],
  });

test("model.fit trains on compiledMcmiLoss with centroids updated in each epoch", {
  tags: "broad",
}, async () => {
  const labels = labelsOf(30, 3);
  const inputs = tf.concat([tf.cast(tf.oneHot(labels, 3), "float32"), tf.ones([30, 1])], 1);
  const centroids = tf.variable(tf.fill([3, 3], 1 / 3));
  for (const y of [tf.oneHot(labels, 3), tf.cast(tf.oneHot(labels, 3), "float32")]) {
    for (const activation of [undefined, "softmax"] as const) {
      const fromLogits = activation === undefined;
      const model = network(activation);
      model.compile({
        optimizer: tf.train.sgd(0.5),
        loss: compiledMcmiLoss(centroids, { lambda: 0.1, fromLogits }),
      });
      const seen: number[] = [];
      const onReport = (_: number, { accuracy }: { accuracy: number }) => seen.push(accuracy);
      const callback = new CentroidCallback(centroids, {
        data: { xs: inputs, ys: labels },
        batchSize: 16,
        fromLogits,
        onReport,
      });
      const before = tf.memory().numTensors;
      const { history } = await model.fit(inputs, y, {
        epochs: 10,
        verbose: 0,
        callbacks: [callback],
      });
      expect(tf.memory().numTensors).toBe(before);
      const losses = history.loss as number[];
      expect(losses[9]!).toBeLessThan(0.7 * losses[0]!);
      expect(seen).toHaveLength(10);
      const rows = await tf.max(centroids, 1).data();
      expect(Math.min(...rows)).toBeGreaterThan(0.4);
    }
  }
});

test("featureExtractor returns the outputs of the named layers, in their order", async () => {
  const model = network();
  const inputs = logitsOf(5, 4, 1);
  const extractor = featureExtractor(model, ["hidden-undefined", model.layers[1]!.name]);
  const [hidden, logits] = extractor.predict(inputs) as tf.Tensor[];
  expect(hidden!.shape).toEqual([5, 8]);
  expect(await logits!.array()).toEqual(await (model.predict(inputs) as tf.Tensor).array());
});

test("featureExtractor rejects unknown layers, naming the known ones", () => {
  expect(() => featureExtractor(network(), ["hidden-undefined", "nowhere"])).toThrow(
    /featureExtractor: layerNames must be layers of the model \(hidden-undefined, .*got nowhere/,
  );
  expect(() => featureExtractor(network(), [])).toThrow("got none");
});
