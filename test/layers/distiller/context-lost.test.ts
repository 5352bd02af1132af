import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, inject, test } from "vitest";
import { kdLoss } from "../../../src/index.ts";
import { Distiller, type DistillerCheckpoint } from "../../../src/layers/index.ts";
import { logitsOf } from "../../support.ts";
import { memoryStore } from "../checkpoint/support.ts";

const { backend, isFloat16 } = inject("backend");

function network(seed: number): tfl.LayersModel {
  const kernelInitializer = () => tfl.initializers.glorotNormal({ seed: seed++ });
  return tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 5, inputShape: [4], kernelInitializer: kernelInitializer() }),
      tfl.layers.dense({ units: 3, kernelInitializer: kernelInitializer() }),
    ],
  });
}

/** A new process would start with these. */
function start() {
  const student = network(7);
  const distiller = new Distiller({
    teacher: network(1),
    student,
    loss: ({ teacherLogits, studentLogits }) => kdLoss(teacherLogits, studentLogits),
  });
  distiller.compile({ optimizer: tf.train.momentum(0.05, 0.9) });
  const [xs, ys] = [logitsOf(12, 4, 1), tf.oneHot(tf.zeros([12], "int32"), 3)];
  const fit = (options: Parameters<Distiller["fit"]>[2]) =>
    distiller.fit(xs, ys, { batchSize: 4, seed: 1, epochs: 4, ...options });
  const weights = () => Promise.all(student.getWeights().map(async (x) => [...(await x.data())]));
  return { train: fit, weights };
}

interface WebglBackend {
  gpgpu: { gl: WebGLRenderingContext };
}

test.skipIf(backend !== "webgl" || isFloat16)(
  "a lost context ends training with a clear error, and training resumes from the checkpoint",
  async () => {
    const undisturbed = start();
    await undisturbed.train({});
    const expected = await undisturbed.weights();

    const checkpoint: DistillerCheckpoint = { store: memoryStore(), everySteps: 2 };
    const { gl } = (tf.backend() as unknown as WebglBackend).gpgpu;
    const lose = (epoch: number) => {
      if (epoch === 2) gl.getExtension("WEBGL_lose_context")!.loseContext();
    };
    const lost = start().train({
      checkpoint,
      callbacks: { onEpochBegin: async (epoch: number) => lose(epoch) },
    });
    await expect(lost).rejects.toThrow(
      "Distiller: the WebGL context is lost, and all tensors with it",
    );

    // As a new page would start.
    const factory = tf.findBackendFactory("webgl");
    tf.removeBackend("webgl");
    tf.registerBackend("webgl", factory);
    await tf.setBackend("webgl");
    const resumed = start();
    await resumed.train({ checkpoint });
    const got = await resumed.weights();
    for (const [i, row] of expected.entries()) {
      for (const [j, x] of row.entries()) expect(got[i]![j]).toBeCloseTo(x, 4);
    }
  },
);
