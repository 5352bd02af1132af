import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  expectClose,
  expectFiniteWithGradient,
  expectNoLeak,
  numericalGradient,
  valueAndGrad,
  valueAndGrads,
} from "../../support.ts";
import { type LayersLoss, testGolden } from "../support.ts";

/** Maps of standard normal entries, fixed by the seed. */
export const mapsOf = (shape: number[], seed: number) =>
  tf.randomNormal(shape as [number, number], 0, 1, "float32", seed) as tf.Tensor;

/** Shapes of maps for property tests: few, because a GPU compiles each operation for each shape. */
export const shapes = fc.constantFrom<number[]>([2, 3, 2, 4], [2, 1, 1, 1], [2, 4, 1, 2]);

/** Compares value and gradient with a formula in float64 and its central differences. */
export async function expectAgreement(
  loss: LayersLoss,
  formula: (teacher: number[], student: number[]) => number,
  teacherShape: number[],
  studentShape: number[],
): Promise<void> {
  const [teacher, student] = [mapsOf(teacherShape, 1), mapsOf(studentShape, 2)];
  const t = [...(await teacher.data())];
  const s = [...(await student.data())];
  const { value, grad } = valueAndGrad((x) => loss(teacher, x), student);
  await expectClose(value, { shape: [], data: [formula(t, s)] });
  const slope = numericalGradient((x) => formula(t, x), s);
  await expectClose(grad, { shape: studentShape, data: slope });
}

/** Tests a loss between maps of any sizes and channels. */
export function testMapLoss(
  fn: string,
  loss: LayersLoss,
  golden: object,
  { names, takesTokens = false }: { names?: [string, string]; takesTokens?: boolean } = {},
): void {
  testGolden(golden, loss);
  // The first layer has more positions than channels, the second fewer.
  testSumOfLayers(loss, [
    [
      [2, 4, 4, 3],
      [2, 4, 4, 2],
    ],
    [
      [2, 2, 2, 5],
      [2, 3, 3, 4],
    ],
  ]);
  testDegenerateMaps(loss);
  testNoLeak(loss, [2, 3, 3, 2], [2, 5, 5, 4]);
  testMapErrors(fn, loss, names, takesTokens);
  if (takesTokens) testTokens(fn, loss);
}

/** Tests that tokens [N, T, D] count as the positions of maps, for any number of channels. */
function testTokens(fn: string, loss: LayersLoss): void {
  // More tokens than channels, and fewer.
  test.each([
    [6, 3, 2],
    [2, 5, 4],
  ])("takes %d tokens of %d and %d channels", async (tokens, wide, narrow) => {
    const teacher = mapsOf([2, tokens, wide], 1);
    const student = mapsOf([2, tokens, narrow], 2);
    const asGrid = (x: tf.Tensor) => tf.reshape(x, [2, tokens / 2, 2, -1]);
    const grid = valueAndGrad((s) => loss(asGrid(teacher), s), asGrid(student));
    const { value, grad } = valueAndGrad((s) => loss(teacher, s), student);
    await expectClose(value, { shape: [], data: [...(await grid.value.data())] });
    await expectClose(grad, { shape: student.shape, data: [...(await grid.grad.data())] });
  });

  testNoLeak(loss, [2, 4, 3], [2, 4, 2]);

  test("rejects tokens of another number, or next to maps", () => {
    const [tokens, maps] = [tf.ones([2, 4, 3]), tf.ones([2, 2, 2, 3])];
    const advice = "reshape the tokens of a grid to [batch,height,width,channels]";
    expect(() => loss(tokens, tf.ones([2, 5, 3]))).toThrow(
      `${fn}: studentMaps must have as many tokens as teacherMaps [2,4,3], got [2,5,3]; ${advice}`,
    );
    expect(() => loss([tokens], [maps])).toThrow(
      `${fn}: studentMaps[0] must have as many tokens as teacherMaps[0] [2,4,3], got [2,2,2,3]; ${advice}`,
    );
  });
}

/** Tests maps that are degenerate for a norm, a mean or a division. */
export function testDegenerateMaps(loss: LayersLoss): void {
  const x = () => mapsOf([2, 3, 3, 2], 1);
  const y = () => mapsOf([2, 3, 3, 2], 2);
  const zero = () => tf.zeros([2, 3, 3, 2]);
  const single = (value: number) => tf.fill([1, 1, 1, 1], value);
  const scaled = (factor: number) => [tf.mul(x(), factor), tf.mul(y(), factor)] as const;
  const cases: Record<string, () => readonly [tf.Tensor, tf.Tensor]> = {
    "identical maps": () => [x(), x()],
    "zero maps": () => [zero(), zero()],
    "a zero map of the student": () => [x(), zero()],
    "a zero map of the teacher": () => [zero(), x()],
    "a batch of 1, one channel, one position": () => [single(2), single(-3)],
    "maps of the size 1e-8": () => scaled(1e-8),
    "maps of the size 1e-20": () => scaled(1e-20),
    "maps of the size 1e4": () => scaled(1e4),
  };
  test.each(Object.keys(cases))("stays finite for %s", async (name) => {
    const [teacher, student] = cases[name]!();
    await expectFiniteWithGradient((s) => loss(teacher, s), student);
  });
}

/** Tests a single layer and a list of two layers for leaks. */
export function testNoLeak(loss: LayersLoss, teacher: number[], student: number[]): void {
  test("leaves no tensor behind, with and without gradient", () => {
    const [t, s, other] = [mapsOf(teacher, 1), mapsOf(student, 2), mapsOf(student, 3)];
    expectNoLeak(() => loss(t, s));
    expectNoLeak(() => {
      const { value, grads } = valueAndGrads((xs) => loss([t, t], xs), [s, other]);
      return [value, ...grads];
    });
  });
}

/** Tests that value and gradient of a list are sums over its layers. */
export function testSumOfLayers(loss: LayersLoss, shapes: [number[], number[]][]): void {
  test("sums over a list of layers", async () => {
    const teachers = shapes.map(([shape], i) => mapsOf(shape, i));
    const students = shapes.map(([, shape], i) => mapsOf(shape, 10 + i));
    const { value, grads } = valueAndGrads((xs) => loss(teachers, xs), students);
    let sum = 0;
    for (const [i, student] of students.entries()) {
      const single = valueAndGrad((s) => loss(teachers[i]!, s), student);
      sum += (await single.value.data())[0]!;
      await expectClose(grads[i]!, { shape: student.shape, data: [...(await single.grad.data())] });
    }
    expect((await value.data())[0]).toBeCloseTo(sum, 4);
  });
}

/** Tests the list and shape errors of a loss between maps of any sizes and channels. */
export function testMapErrors(
  fn: string,
  loss: LayersLoss,
  [teacherName, studentName] = ["teacherMaps", "studentMaps"],
  takesTokens = false,
): void {
  test("rejects maps that are not float32 NHWC, and different batches or lengths", () => {
    const maps = tf.ones([2, 4, 4, 3]);
    const tokens = takesTokens ? " or [batch,tokens,channels]" : "";
    const expected = `float32 [batch,height,width,channels]${tokens}`;
    expect(() => loss(tf.ones([2, 3]), maps)).toThrow(
      `${fn}: ${teacherName} must be ${expected}, got float32 [2,3]`,
    );
    expect(() => loss([maps, maps], [maps, tf.cast(maps, "int32")])).toThrow(
      `${fn}: ${studentName}[1] must be ${expected}, got int32 [2,4,4,3]`,
    );
    expect(() => loss([maps], [tf.ones([3, 4, 4, 3])])).toThrow(
      `${fn}: ${studentName}[0] must have the batch of ${teacherName}[0] [2,4,4,3], got [3,4,4,3]`,
    );
    testListErrors(fn, loss, maps, `${teacherName} and ${studentName}`);
  });
}

/** Tests the list and shape errors of a loss between layers of equal shapes. */
export function testEqualShapeErrors(
  fn: string,
  loss: LayersLoss,
  [teacherName, studentName] = ["teacherMaps", "studentMaps"],
): void {
  test("rejects layers of different shapes or dtypes and lists of different lengths", () => {
    const maps = tf.ones([2, 4, 4, 3]);
    expect(() => loss(tf.ones([2]), maps)).toThrow(`${fn}: ${teacherName} must be float32 [batch,`);
    expect(() => loss([maps, maps], [maps, tf.cast(maps, "int32")])).toThrow(
      `${fn}: ${studentName}[1] must be float32 [batch,`,
    );
    expect(() => loss(maps, tf.ones([2, 4, 4, 2]))).toThrow(
      `${fn}: ${studentName} must have the shape of ${teacherName} [2,4,4,3], got [2,4,4,2]`,
    );
    testListErrors(fn, loss, maps, `${teacherName} and ${studentName}`);
  });
}

function testListErrors(fn: string, loss: LayersLoss, maps: tf.Tensor, names: string): void {
  const expected = `${fn}: ${names} must be two tensors or two lists of the same length, at least 1`;
  expect(() => loss([maps, maps], [maps])).toThrow(`${expected}, got a list of 2 and a list of 1`);
  expect(() => loss(maps, [maps])).toThrow(`${expected}, got a single tensor and a list of 1`);
  expect(() => loss([], [])).toThrow(`${expected}, got a list of 0 and a list of 0`);
}

/** Maps as nested numbers [N][H·W][C], for a reference in float64. */
export function rowsOf(data: number[], [batch, height, width, channels]: number[]): number[][][] {
  return Array.from({ length: batch! }, (_, n) =>
    Array.from({ length: height! * width! }, (_, p) => {
      const start = (n * height! * width! + p) * channels!;
      return data.slice(start, start + channels!);
    }),
  );
}

/** PyTorch's adaptive average pooling of flat NHWC numbers, window by window. */
export function pooled(data: number[], shape: number[], [h, w]: [number, number]): number[] {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const windowOf = (i: number, inputs: number, outputs: number) => {
    const start = Math.floor((i * inputs) / outputs);
    const end = Math.ceil(((i + 1) * inputs) / outputs);
    return Array.from({ length: end - start }, (_, j) => start + j);
  };
  const result: number[] = [];
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < h; i++) {
      for (let j = 0; j < w; j++) {
        const columns = windowOf(j, width, w);
        const cells = windowOf(i, height, h).flatMap((y) => columns.map((x) => y * width + x));
        for (let c = 0; c < channels; c++) {
          const values = cells.map((cell) => data[(n * height * width + cell) * channels + c]!);
          result.push(values.reduce((a, b) => a + b) / cells.length);
        }
      }
    }
  }
  return result;
}
