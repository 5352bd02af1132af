import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { normalizeCam } from "../../../src/index.ts";
import { expectClose, expectNoLeak } from "../../support.ts";

test("unit runs from 0 to 1, a distribution is that over its sum", async () => {
  const cams = tf.tensor3d([-1, 0, 1, 3], [1, 2, 2]);
  const unit = [0, 0.25, 0.5, 1];
  await expectClose(normalizeCam(cams), { shape: [1, 2, 2], data: unit });
  const shares = unit.map((x) => x / 1.75);
  const got = normalizeCam(cams, { to: "distribution" });
  await expectClose(got, { shape: [1, 2, 2], data: shares });
});

test("maps that are constant, exactly or up to rounding, become 0 or uniform", async () => {
  // Not lower: the maximum of numbers below -1e20 is -1e20 on webgl.
  const maps = [
    [0, 0],
    [7, 7],
    [-1e18, -1e18],
    [1, 1 + 2 ** -22],
    [0, 1e-30],
    [-3e18, 1e18],
  ];
  const cams = tf.tensor3d(maps.flat(), [6, 1, 2]);
  const unit = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1];
  const shares = [...Array(8).fill(0.5), 0, 1, 0, 1];
  await expectClose(normalizeCam(cams), { shape: [6, 1, 2], data: unit });
  const got = normalizeCam(cams, { to: "distribution" });
  await expectClose(got, { shape: [6, 1, 2], data: shares });
  await expectClose(normalizeCam(tf.ones([1, 1, 1])), { shape: [1, 1, 1], data: [0] });
});

test("is invariant to offset and factor, and idempotent", {
  tags: "broad",
}, async () => {
  const property = fc.asyncProperty(
    fc.nat(1000),
    fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
    fc.double({ min: -10, max: 10, noNaN: true }),
    fc.constantFrom("unit" as const, "distribution" as const),
    async (seed, factor, offset, to) => {
      const cams = tf.randomUniform([2, 3, 4], -1, 1, "float32", seed) as tf.Tensor3D;
      const once = normalizeCam(cams, { to });
      const expected = { shape: [2, 3, 4], data: [...(await once.data())] };
      await expectClose(normalizeCam(once, { to }), expected, 1e-3);
      const moved = tf.mul(tf.add(cams, offset), factor);
      await expectClose(normalizeCam(moved, { to }), expected, 1e-3);
    },
  );
  await fc.assert(property, { numRuns: 12 });
});

test("leaves no tensor behind, and rejects invalid input", () => {
  const cams = tf.ones([2, 3, 4]);
  expectNoLeak(() => normalizeCam(cams, { to: "distribution" }));
  expect(() => normalizeCam(tf.ones([2, 3]))).toThrow(
    "normalizeCam: cams must be float32 [batch,height,width], got float32 [2,3]",
  );
  expect(() => normalizeCam(cams, { to: "sum" as never })).toThrow(
    'normalizeCam: to must be "unit" or "distribution", got sum',
  );
});
