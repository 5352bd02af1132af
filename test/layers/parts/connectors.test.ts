import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import { overhaulLoss } from "../../../src/index.ts";
import {
  boundaryConnector,
  contrastProjection,
  hintRegressor,
  overhaulConnector,
  vidRegressor,
} from "../../../src/layers/index.ts";
import { expectSaved, expectTraining, normal, useTrainingKernels } from "../support.ts";
import { valuesOf } from "../training.ts";

useTrainingKernels();

const shapes = { studentShape: [4, 5, 2], teacherShape: [4, 5, 3] };
const channels = { studentChannels: 2, teacherChannels: 3 };
const builders: Record<string, (options: { seed?: number }) => tfl.LayersModel> = {
  boundaryConnector: (o) => boundaryConnector({ ...shapes, ...o }),
  contrastProjection: (o) => contrastProjection({ inputShape: [6], dim: 4, ...o }),
  hintRegressor: (o) => hintRegressor({ ...shapes, ...o }),
  "hintRegressor of two convolutions": (o) =>
    hintRegressor({ studentShape: [5, 2, 2], teacherShape: [3, 5, 3], ...o }),
  overhaulConnector: (o) => overhaulConnector({ ...channels, ...o }),
  vidRegressor: (o) => vidRegressor({ ...channels, ...o }),
};

describe.each(Object.keys(builders))("%s", (name) => {
  const build = builders[name]!;

  test("has the same initial weights for the same seed, and others for another seed", async () => {
    const weights = (options: { seed?: number }) => valuesOf(build(options).getWeights());
    expect(await weights({ seed: 3 })).toEqual(await weights({ seed: 3 }));
    expect(await weights({ seed: 3 })).not.toEqual(await weights({ seed: 4 }));
    expect(await weights({})).not.toEqual(await weights({}));
  });

  test("rejects a seed that is not an integer", () => {
    const message = `${name.split(" ")[0]}: seed must be an integer >= 0, got -1`;
    expect(() => build({ seed: -1 })).toThrow(message);
  });
});

test("layers of one part have different kernels", async () => {
  const regressor = vidRegressor({ studentChannels: 3, teacherChannels: 3, seed: 1 });
  const [first, second] = await valuesOf(regressor.getWeights());
  expect(first).not.toEqual(second);
});

test("boundaryConnector is hintRegressor without its ReLU", async () => {
  const connector = boundaryConnector({ ...shapes, seed: 1 });
  const regressor = hintRegressor({ ...shapes, seed: 1 });
  const maps = normal([2, ...shapes.studentShape], 1);
  const before = connector.apply(maps, { training: true }) as tf.Tensor;
  const after = regressor.apply(maps, { training: true }) as tf.Tensor;
  expect(before.shape).toEqual([2, ...shapes.teacherShape]);
  expect(Math.min(...(await before.data()))).toBeLessThan(0);
  expect([...(await tf.relu(before).data())]).toEqual([...(await after.data())]);
});

test("overhaulConnector has kernels of variance 2/C, saves, loads and trains", async () => {
  const wide = overhaulConnector({ studentChannels: 64, teacherChannels: 32, seed: 1 });
  const [kernel] = await valuesOf(wide.getWeights());
  const variance = kernel!.reduce((sum, x) => sum + x * x, 0) / kernel!.length;
  expect(variance).toBeGreaterThan(0.9 * (2 / 32));
  expect(variance).toBeLessThan(1.1 * (2 / 32));

  const connector = overhaulConnector({ ...channels, seed: 1 });
  const maps = normal([2, 4, 4, 2], 1);
  const loaded = await expectSaved(connector, maps);
  const teacher = normal([2, 4, 4, 3], 2);
  await expectTraining(() =>
    overhaulLoss(teacher, loaded.apply(maps, { training: true }) as tf.Tensor, tf.fill([3], -0.5)),
  );
});

test("rejects invalid shapes and channels, naming expected and actual", () => {
  expect(() => boundaryConnector({ studentShape: [4, 4], teacherShape: [4, 4, 2] })).toThrow(
    "boundaryConnector: studentShape must be [height,width,channels] of integers >= 1, got [4,4]",
  );
  expect(() => overhaulConnector({ studentChannels: 0, teacherChannels: 2 })).toThrow(
    "overhaulConnector: studentChannels must be an integer >= 1, got 0",
  );
  expect(() => overhaulConnector({ ...channels, seeds: 1 } as never)).toThrow("got seeds");
});
