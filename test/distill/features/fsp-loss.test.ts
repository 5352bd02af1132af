import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fspLoss } from "../../../src/index.ts";
import golden from "../../golden/fsp.json";
import {
  expectClose,
  expectFinite,
  expectNoLeak,
  numericalGradient,
  reference,
  valueAndGrads,
} from "../../support.ts";
import { testGolden } from "../support.ts";
import { mapsOf, pooled, rowsOf, shapes } from "./support.ts";

type Pair = readonly [number[], number[]];

testGolden(golden, (t, s) => fspLoss(t as tf.Tensor[], s as tf.Tensor[]));

/** Σ_hw x(h, w) y(h, w)ᵀ / HW of each sample in one flat array, with both maps pooled to a size. */
function flows([x, y]: Pair, [a, b]: Pair, size: [number, number]): number[] {
  const [p, q] = [
    rowsOf(pooled(x, a, size), [a[0]!, ...size, a[3]!]),
    rowsOf(pooled(y, b, size), [b[0]!, ...size, b[3]!]),
  ];
  return p.flatMap((rows, n) =>
    rows[0]!.flatMap((_, c) =>
      q[n]![0]!.map(
        (_, d) => rows.reduce((sum, row, i) => sum + row[c]! * q[n]![i]![d]!, 0) / rows.length,
      ),
    ),
  );
}

test("three layers of other sizes than the teacher's match the definition", {
  tags: "broad",
}, async () => {
  const teachers = [[2, 5, 4, 2], [2, 5, 4, 3], [2, 2, 2, 2]]; // biome-ignore format: one line
  const students = [[2, 3, 6, 2], [2, 5, 3, 3], [2, 2, 3, 2]]; // biome-ignore format: one line
  const teacherMaps = teachers.map((shape, i) => mapsOf(shape, i));
  const studentMaps = students.map((shape, i) => mapsOf(shape, 10 + i));
  const dataOf = (maps: tf.Tensor[]) => Promise.all(maps.map(async (x) => [...(await x.data())]));
  const [t, s] = [await dataOf(teacherMaps), await dataOf(studentMaps)];
  const formula = (maps: number[][]) =>
    ([[[5, 4], [3, 3]], [[2, 2], [2, 3]]] as [number, number][][]) // biome-ignore format: one line
      .map(([teacherSize, studentSize], i) => {
        const pair = <T>(x: T[]) => [x[i]!, x[i + 1]!] as const;
        const target = flows(pair(t), pair(teachers), teacherSize!);
        const own = flows(pair(maps), pair(students), studentSize!);
        return own.reduce((sum, g, j) => sum + (g - target[j]!) ** 2, 0) / own.length;
      })
      .reduce((a, b) => a + b);
  const { value, grads } = valueAndGrads((xs) => fspLoss(teacherMaps, xs), studentMaps);
  await expectClose(value, reference(formula(s)));
  for (const [i, shape] of students.entries()) {
    const slope = numericalGradient((x) => formula(s.map((y, j) => (j === i ? x : y))), s[i]!);
    await expectClose(grads[i]!, { shape, data: slope });
  }
});

test("is 0 for the teacher's maps, also with positions permuted in all layers", {
  tags: "broad",
}, async () => {
  const property = fc.asyncProperty(shapes, fc.nat(99), async (shape, seed) => {
    const maps = [mapsOf(shape, seed), mapsOf(shape, seed + 1)];
    expect((await fspLoss(maps, maps).data())[0]).toBe(0);
    const flipped = maps.map((x) => tf.reverse(x, [1, 2]));
    expect((await fspLoss(maps, flipped).data())[0]).toBeLessThan(1e-9);
    const other = maps.map((x) => tf.add(x, 1));
    expect((await fspLoss(maps, other).data())[0]).toBeGreaterThan(0);
  });
  await fc.assert(property, { numRuns: 8 });
});

test("zero maps, single positions and channels, a batch of 1 and large maps stay finite", async () => {
  const [zero, single] = [tf.zeros([1, 1, 1, 1]), tf.fill([1, 1, 1, 1], 3)];
  const large = [mapsOf([2, 3, 3, 2], 1), mapsOf([2, 2, 2, 2], 2)].map((x) => tf.mul(x, 1e4));
  for (const [teacher, student] of [
    [[zero, zero], [single, zero]], // biome-ignore format: one line
    [[single, single], [zero, zero]], // biome-ignore format: one line
    [large, large.map((x) => tf.neg(tf.add(x, 1)))],
  ] as [tf.Tensor[], tf.Tensor[]][]) {
    const { value, grads } = valueAndGrads((xs) => fspLoss(teacher, xs), student);
    await expectFinite(value, ...grads);
  }
});

test("leaves no tensor behind, with and without gradient", () => {
  const maps = [mapsOf([2, 5, 5, 2], 1), mapsOf([2, 3, 3, 2], 2), mapsOf([2, 3, 3, 2], 3)];
  expectNoLeak(() => fspLoss(maps, maps));
  expectNoLeak(() => {
    const { value, grads } = valueAndGrads((xs) => fspLoss(maps, xs), maps);
    return [value, ...grads];
  });
});

test("rejects invalid input, naming expected and actual", () => {
  const maps = tf.ones([2, 4, 4, 3]);
  expect(() => fspLoss([maps], [maps])).toThrow(
    "fspLoss: teacherMaps and studentMaps must be lists of at least 2 maps, got 1",
  );
  expect(() => fspLoss(maps as unknown as tf.Tensor[], maps as unknown as tf.Tensor[])).toThrow(
    "fspLoss: teacherMaps and studentMaps must be lists of at least 2 maps, got a single tensor",
  );
  expect(() => fspLoss([maps, maps], [maps])).toThrow("got a list of 2 and a list of 1");
  expect(() => fspLoss([maps, maps], [maps, tf.ones([2, 4, 4, 2])])).toThrow(
    "fspLoss: studentMaps[1] must have the channels of teacherMaps[1] [2,4,4,3], got [2,4,4,2]",
  );
  const small = tf.ones([1, 4, 4, 3]);
  expect(() => fspLoss([maps, small], [maps, small])).toThrow(
    "fspLoss: teacherMaps[1] must have the batch of teacherMaps[0] [2,4,4,3], got [1,4,4,3]",
  );
  expect(() => fspLoss([maps, maps], [maps, small])).toThrow(
    "fspLoss: studentMaps[1] must have the batch of teacherMaps[1] [2,4,4,3], got [1,4,4,3]",
  );
  expect(() => fspLoss([maps, tf.ones([2, 3])], [maps, maps])).toThrow(
    "fspLoss: teacherMaps[1] must be float32 [batch,height,width,channels], got float32 [2,3]",
  );
});
