import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { featureExtractor } from "kd-cmi/layers";
import { beforeAll, expect, test } from "vitest";
import { type ModelName, models } from "../../../experiments/models/index.ts";
import golden from "../../golden/models.json";
import { fillWeights, uniform } from "./support.ts";

beforeAll(() => tf.setBackend("wasm"));

const cases = golden.cases.map((x) => [`${x.model}, ${x.side}×${x.side}`, x] as const);

test.each(cases)("%s: maps, embedding and logits equal the reference's", async (_, expected) => {
  const { side } = expected;
  const build = models[expected.model as ModelName];
  const model = build({ inputShape: [side, side, 3], numClasses: 10, seed: 1 });
  fillWeights(model);
  const images = tf.tensor4d(
    Float32Array.from(uniform("images", 2 * side * side * 3), (u) => 2 * u - 1),
    [2, side, side, 3],
  );
  const extractor = featureExtractor(model, [...build.maps, build.embedding, "logits"]);
  const features = extractor.predict(images) as tf.Tensor[];
  const logits = features.pop()!;

  expect(features.map(({ shape }) => shape.slice(1))).toEqual(
    [...expected.maps, expected.embedding].map(({ shape }) => shape),
  );
  for (const [i, { mean }] of [...expected.maps, expected.embedding].entries()) {
    const found = (await tf.mean(tf.abs(features[i]!)).data())[0]!;
    expect(Math.abs(found / mean - 1)).toBeLessThan(1e-4);
  }
  const scale = Math.max(...expected.logits.flat().map(Math.abs));
  const values = await logits.data();
  const errors = expected.logits.flat().map((x, i) => Math.abs(values[i]! - x) / scale);
  expect(Math.max(...errors)).toBeLessThan(1e-4);
  tf.dispose([images, logits, features]);
  model.dispose();
});
