import "@tensorflow/tfjs-backend-cpu";
import { createReadStream, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileModel } from "../../src/layers/index.ts";
import { remove, temporaryFolder } from "../package/support.ts";

const folder = temporaryFolder();
beforeAll(() => tf.setBackend("cpu"));
afterAll(() => remove(folder));

const network = (seed: number) =>
  tfl.sequential({
    layers: [
      tfl.layers.dense({
        units: 5,
        inputShape: [4],
        activation: "relu",
        kernelInitializer: tfl.initializers.heNormal({ seed }),
      }),
      tfl.layers.batchNormalization({}),
      tfl.layers.dense({ units: 3, kernelInitializer: tfl.initializers.heNormal({ seed }) }),
    ],
  });
const inputs = () => tf.randomNormal([6, 4], 0, 1, "float32", 1);
const outputs = async (model: tfl.LayersModel) => [
  ...(await (model.predict(inputs()) as tf.Tensor).data()),
];
const weightFiles = (path: string) => readdirSync(path).filter((name) => name.endsWith(".bin"));

test("a model is the same after saving and loading, and again after saving another one", async () => {
  const path = join(folder, "new/teacher");
  for (const seed of [1, 2]) {
    const model = network(seed);
    const { modelArtifactsInfo } = await model.save(fileModel(path));
    expect(modelArtifactsInfo.weightDataBytes).toBe(4 * model.countParams());
    const loaded = await tfl.loadLayersModel(fileModel(path));
    expect(await outputs(loaded)).toEqual(await outputs(model));
    expect(readdirSync(path)).toHaveLength(2);
  }
});

test("the optimizer is saved with it", async () => {
  const path = join(folder, "optimizer");
  const model = network(1);
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  await model.fit(inputs(), tf.zeros([6, 3]), { verbose: 0 });
  await model.save(fileModel(path), { includeOptimizer: true });
  const loaded = await tfl.loadLayersModel(fileModel(path));
  expect(loaded.optimizer.getClassName()).toBe("SGD");
  expect(await outputs(loaded)).toEqual(await outputs(model));
});

test("tfjs' own loader reads the folder from a web server", async () => {
  const path = join(folder, "served");
  const model = network(3);
  await model.save(fileModel(path));
  const server = createServer((request, response) => {
    createReadStream(join(path, request.url!)).pipe(response);
  });
  await new Promise<void>((done) => server.listen(0, done));
  const { port } = server.address() as { port: number };
  const url = `http://localhost:${port}/model.json`;
  const loaded = await tfl.loadLayersModel(tf.io.http(url, { fetchFunc: fetch }));
  server.close();
  expect(await outputs(loaded)).toEqual(await outputs(model));
});

describe("a save that was interrupted", () => {
  test.each([
    [
      "before model.json was replaced",
      (path: string) => {
        writeFileSync(join(path, "weights.new.bin"), "half of the new weights");
        writeFileSync(join(path, "model.json.tmp"), '{"modelTopology": {');
      },
    ],
  ])("%s leaves the previous model", async (_, interrupt) => {
    const path = join(folder, "interrupted");
    const model = network(4);
    await model.save(fileModel(path));
    interrupt(path);
    expect(await outputs(await tfl.loadLayersModel(fileModel(path)))).toEqual(await outputs(model));
    const next = network(5);
    await next.save(fileModel(path));
    expect(readdirSync(path)).toHaveLength(2);
    expect(await outputs(await tfl.loadLayersModel(fileModel(path)))).toEqual(await outputs(next));
  });

  test("keeps files that are not its own", async () => {
    const path = join(folder, "others");
    await network(1).save(fileModel(path));
    const json = JSON.parse(readFileSync(join(path, "model.json"), "utf8"));
    writeFileSync(
      join(path, "group1-shard1of1.bin"),
      readFileSync(join(path, weightFiles(path)[0]!)),
    );
    json.weightsManifest[0].paths = ["group1-shard1of1.bin"];
    writeFileSync(join(path, "model.json"), JSON.stringify(json));
    await network(2).save(fileModel(path));
    expect(readdirSync(path)).toContain("group1-shard1of1.bin");
  });
});

test("rejects a missing model, truncated weights and binary topologies", async () => {
  const missing = join(folder, "missing");
  await expect(tfl.loadLayersModel(fileModel(missing))).rejects.toThrow(
    `fileModel: ${missing} must have a model.json, got none`,
  );
  const path = join(folder, "truncated");
  const model = network(1);
  await model.save(fileModel(path));
  truncateSync(join(path, weightFiles(path)[0]!), 40);
  await expect(tfl.loadLayersModel(fileModel(path))).rejects.toThrow(
    `fileModel: the weights of ${path} must have ${4 * model.countParams()} bytes, got 40`,
  );
  const save = fileModel(path).save!;
  await expect(save({ modelTopology: new ArrayBuffer(8) })).rejects.toThrow(
    "fileModel: the topology must be JSON, got binary data",
  );
  expect(() => fileModel("")).toThrow('fileModel: path must be the name of a folder, got ""');
  expect(() => fileModel(3 as never)).toThrow(
    "fileModel: path must be the name of a folder, got 3",
  );
});
