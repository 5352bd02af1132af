import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, inject, test } from "vitest";
import { batchProduct } from "../../src/ops/batch-product.ts";
import { checkDevice } from "../../src/ops/check-device.ts";
import { canCountRows } from "../../src/ops/count-rows.ts";
import { fitGradient, fitRange } from "../../src/ops/fit-range.ts";
import {
  addEpsilon,
  atLeastNormal,
  isFloat16,
  largestExponent,
} from "../../src/ops/float-range.ts";
import { isHostMemory } from "../../src/ops/host-memory.ts";
import { infiniteIfHuge } from "../../src/ops/infinite-if-huge.ts";
import { keepNaN, keepNaNAlone } from "../../src/ops/keep-nan.ts";
import { matMul } from "../../src/ops/mat-mul.ts";
import { relu } from "../../src/ops/relu.ts";
import { tiny } from "../../src/ops/safe-log.ts";
import { excludedLogit, softmaxParts } from "../../src/ops/softmax.ts";
import { meanAll, scaledSum } from "../../src/ops/sums.ts";
import { expectClose, expectNoLeak, reference } from "../support.ts";
import { underName } from "./backend-name.ts";

// Branches for other backends, whose own tests run on software GPUs. Here, cpu computes under their names.
const isCpu = inject("backend").name === "cpu";

const namesOf = async (run: () => unknown): Promise<string> => {
  const { kernels } = await tf.profile(() => {
    run();
    return tf.scalar(0);
  });
  return kernels.map(({ name }) => name).join(" ");
};
const vector = (...values: number[]) => tf.tensor1d(values);
const random = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, "float32", seed);
const SMALLEST = 2 ** -14;

describe.runIf(isCpu)("webgl with 16-bit floats", () => {
  const under = <T>(run: () => T | Promise<T>) => underName("webgl", run, true);

  test("has constants within their range", async () => {
    expect(isFloat16()).toBe(false);
    await under(() => {
      expect(isFloat16()).toBe(true);
      expect([1e-7, SMALLEST, 0.5].map(atLeastNormal)).toEqual([SMALLEST, SMALLEST, 0.5]);
      expect([tiny(), largestExponent(), excludedLogit()]).toEqual([SMALLEST, 11, -5e4]);
    });
    expect([atLeastNormal(1e-7), tiny(), largestExponent()]).toEqual([1e-7, 1e-37, 88]);
    expect(excludedLogit()).toBe(-1e35);
  });

  test("addEpsilon is a maximum, and a sum elsewhere", async () => {
    await under(async () =>
      expectClose(addEpsilon(vector(0, 0.5), 0.25), reference([SMALLEST, 0.5])),
    );
    await expectClose(addEpsilon(vector(0, 0.5), 0.25), reference([0.25, 0.75]));
  });

  test("fitRange divides by the largest entry, and elsewhere not at all", async () => {
    const x = () =>
      tf.tensor2d([
        [2, -8],
        [0, 4],
      ]);
    await under(async () => {
      const all = fitRange(x(), undefined, 2);
      await expectClose(
        all.scaled,
        reference([
          [0.125, -0.5],
          [0, 0.25],
        ]),
      );
      await expectClose(
        fitGradient(tf.ones([2, 2]), all.largest, 2),
        reference([
          [1 / 16, 1 / 16],
          [1 / 16, 1 / 16],
        ]),
      );
      const rows = fitRange(x(), [1]);
      await expectClose(
        rows.scaled,
        reference([
          [0.25, -1],
          [0, 1],
        ]),
      );
      await expectClose(
        fitGradient(tf.ones([2, 2]), rows.largest),
        reference([
          [1 / 8, 1 / 8],
          [1 / 4, 1 / 4],
        ]),
      );
      const zeros = fitRange(tf.zeros([1, 2]), [1]);
      await expectClose(zeros.scaled, reference([[0, 0]]));
      const given = x();
      expectNoLeak(() => {
        const { scaled, largest } = fitRange(given, [1]);
        return [scaled, ...largest];
      });
    });
    const given = x();
    const { scaled, largest } = fitRange(given, [1], 2);
    expect([scaled, largest]).toEqual([given, []]);
    const slope = tf.ones([2, 2]);
    expect(fitGradient(slope, largest, 2)).toBe(slope);
  });

  test("infiniteIfHuge copies, and elsewhere is infinite from 1e20 on", async () => {
    await under(async () => {
      const x = vector(3, 2e20);
      const copy = infiniteIfHuge(x);
      x.dispose();
      await expectClose(copy, reference([3, 2e20]));
    });
    const values = await infiniteIfHuge(vector(3, 0.99e20, 1e20, 2e20, -1e30, Number.NaN)).data();
    const infinity = Number.POSITIVE_INFINITY;
    expect([...values]).toEqual(
      [3, 0.99e20, infinity, infinity, -1e30, Number.NaN].map(Math.fround),
    );
  });

  test("a masked logit counts as −1e4, and elsewhere as −1e30", async () => {
    const logits = () => tf.tensor2d([[0, Number.NEGATIVE_INFINITY]]);
    await under(async () => {
      expect(await softmaxParts(logits()).shifted.array()).toEqual([[0, -1e4]]);
    });
    expect(await softmaxParts(logits()).shifted.array()).toEqual([[0, Math.fround(-1e30)]]);
  });

  test("means and scaled sums take no sum of all entries", async () => {
    const x = () => tf.reshape(tf.range(0, 8), [2, 4]);
    await under(async () => {
      await expectClose(meanAll(x()), reference(3.5));
      await expectClose(scaledSum(x(), 3), reference(84));
      expect(await namesOf(() => [meanAll(x()), scaledSum(x(), 3)])).not.toContain("Sum");
    });
    await expectClose(meanAll(x()), reference(3.5));
    await expectClose(scaledSum(x(), 3), reference(84));
    expect(await namesOf(() => scaledSum(x(), 3))).toContain("Sum");
  });
});

describe.runIf(isCpu)("webgl", () => {
  test("with 32-bit floats has the constants of other backends", async () => {
    await underName("webgl", () => {
      expect([isFloat16(), tiny(), largestExponent()]).toEqual([false, 1e-37, 88]);
    });
  });

  test("relu is a maximum, which keeps NaN and is 0 for −∞", async () => {
    await underName("webgl", async () => {
      const x = vector(Number.NEGATIVE_INFINITY, -1, 2);
      expect([...(await relu(x).data())]).toEqual([0, 0, 2]);
      expect(await namesOf(() => relu(x))).toBe("Maximum");
    });
  });

  test.each([
    [[2, 3], [3, 4], false, false, true],
    [[3, 2], [3, 4], true, false, true],
    [[2, 3], [4, 3], false, true, true],
    [[5, 2, 3], [5, 3, 4], false, false, true],
    [[5, 3, 2], [5, 4, 3], true, true, true],
    [[3, 2], [2, 3], false, false, false],
    [[2, 3], [2, 5], true, false, false],
  ] as const)(
    "matMul of %j and %j, transposed %j %j: pads an odd inner size",
    async (left, right, isA, isB, isPadded) => {
      const [a, b] = [random([...left], 1), random([...right], 2)];
      const product = tf.matMul(a, b, isA, isB);
      const expected = { shape: product.shape, data: [...(await product.data())] };
      await underName("webgl", async () => {
        await expectClose(matMul(a, b, isA, isB), expected);
        expectNoLeak(() => matMul(a, b, isA, isB));
        const names = await namesOf(() => matMul(a, b, isA, isB));
        expect(names).toBe(isPadded ? "PadV2 PadV2 BatchMatMul" : "BatchMatMul");
      });
    },
  );

  test("a lost context is an error that names the function", async () => {
    checkDevice("f"); // cpu
    await underName("webgl", () => {
      checkDevice("f"); // no context
      const gl = { isContextLost: () => false };
      Object.assign(tf.backend(), { gpgpu: { gl } });
      checkDevice("f");
      gl.isContextLost = () => true;
      expect(() => checkDevice("f")).toThrow(
        new Error(
          "f: the WebGL context is lost, and all tensors with it; reload the page, or register the backend anew, and resume from a checkpoint",
        ),
      );
    });
  });
});

test.runIf(isCpu)(
  "only cpu and wasm are in the host's memory, and only webgl counts no rows",
  async () => {
    expect([isHostMemory(), canCountRows()]).toEqual([true, true]);
    await underName("webgl", () =>
      expect([isHostMemory(), canCountRows()]).toEqual([false, false]),
    );
    await underName("webgpu", () =>
      expect([isHostMemory(), canCountRows()]).toEqual([false, true]),
    );
  },
);

test.runIf(isCpu)("webgpu adds NaN to results, and webgl does not", async () => {
  const nan = Number.NaN;
  const x = () => vector(nan, Number.POSITIVE_INFINITY, 1);
  await underName("webgpu", async () => {
    expect([...(await keepNaN(vector(1, 2, 3), x()).data())]).toEqual([nan, nan, 3]);
    expect([...(await keepNaNAlone(vector(1, 2, 3), x()).data())]).toEqual([nan, 2, 3]);
  });
  await underName("webgl", () => {
    const result = vector(1, 2, 3);
    expect([keepNaN(result, x()), keepNaNAlone(result, x())]).toEqual([result, result]);
  });
});

test.runIf(isCpu)("webgpu multiplies large batches in one product", async () => {
  const a: tf.Tensor3D = tf.ones([2, 36, 36]);
  await underName("webgpu", async () => {
    expect(await namesOf(() => batchProduct(a, a))).toBe("BatchMatMul");
  });
});
