import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import fc from "fast-check";
import { beforeAll, expect, test, vi } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { expectSameAsCpu, random } from "./support.ts";

const { kernelFunc: stockFunc, ...stock } = tf.getKernel(tf.FusedBatchNorm, "wasm");
const spy = vi.fn(stockFunc);

beforeAll(() => {
  tf.unregisterKernel(tf.FusedBatchNorm, "wasm");
  tf.registerKernel({ ...stock, kernelFunc: spy });
  registerTrainingKernels();
});

interface Options {
  shape: [number, number, number, number];
  hasScale?: boolean;
  hasOffset?: boolean;
  /** Mean, variance, scale and offset have the shape of x. */
  isFull?: boolean;
}

/** The inputs x, mean, variance, offset and scale. */
function inputsOf({ shape, hasScale = true, hasOffset = true, isFull }: Options) {
  const own = isFull ? shape : [shape[3]];
  return {
    x: random(shape, 1) as tf.Tensor4D,
    mean: random(own, 2) as tf.Tensor1D,
    variance: tf.add(tf.square(random(own, 3)), 0.1) as tf.Tensor1D,
    offset: hasOffset ? (random(own, 4) as tf.Tensor1D) : undefined,
    scale: hasScale ? (random(own, 5) as tf.Tensor1D) : undefined,
  };
}

function output(options: Options) {
  const { x, mean, variance, offset, scale } = inputsOf(options);
  return tf.batchNorm(x, mean, variance, offset, scale, 1e-3);
}

/** The gradients by all inputs. tfjs has none without scale and offset. */
function gradients(options: Options) {
  const weights = random(options.shape, 6);
  const normalize = (
    x: tf.Tensor,
    mean: tf.Tensor,
    variance: tf.Tensor,
    offset: tf.Tensor,
    scale: tf.Tensor,
  ) => {
    const [m, v, o, s] = [mean, variance, offset, scale] as tf.Tensor1D[];
    return tf.sum(tf.mul(tf.batchNorm(x, m!, v!, o, s, 1e-3), weights));
  };
  const all = Object.values(inputsOf(options)) as tf.Tensor[];
  return tf.concat(
    tf
      .grads(normalize)(all)
      .map((t) => tf.reshape(t, [-1])),
  );
}

test.each<Options>([
  { shape: [2, 3, 4, 16] },
  { shape: [2, 3, 4, 16], hasScale: false },
  { shape: [2, 3, 4, 16], hasOffset: false },
  { shape: [2, 3, 4, 16], hasScale: false, hasOffset: false },
  { shape: [1, 1, 1, 1] },
  { shape: [5, 13, 7, 21] },
])("$shape, scale: $hasScale, offset: $hasOffset", async (options) => {
  await expectSameAsCpu(() => output(options));
  if (options.hasScale !== false && options.hasOffset !== false) {
    await expectSameAsCpu(() => gradients(options));
  }
  expect(spy).not.toHaveBeenCalled();
});

test("statistics of each entry use the backend's kernel", async () => {
  await expectSameAsCpu(() => output({ shape: [1, 2, 3, 4], isFull: true }));
  await expectSameAsCpu(() => gradients({ shape: [1, 2, 3, 4], isFull: true }));
  expect(spy).toHaveBeenCalled();
});

test("any shape", async () => {
  const size = (max: number) => fc.integer({ min: 1, max });
  const shapes = fc.tuple(size(4), size(5), size(5), size(20));
  await fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      await expectSameAsCpu(() => output({ shape }));
      await expectSameAsCpu(() => gradients({ shape }));
    }),
    { numRuns: 40, seed: 1 },
  );
});

test("no entries", async () => {
  await expectSameAsCpu(() =>
    tf.batchNorm(tf.zeros([0, 2, 2, 3]), tf.zeros([3]), tf.ones([3]), tf.ones([3]), tf.ones([3])),
  );
});

test("a gradient of a gradient", async () => {
  await expectSameAsCpu(() => {
    const [mean, variance] = [random([3], 1), tf.ones([3])] as [tf.Tensor1D, tf.Tensor1D];
    const norm = (x: tf.Tensor) =>
      tf.sum(tf.square(tf.batchNorm(x, mean, variance, mean, variance)));
    return tf.grad((x) => tf.sum(tf.square(tf.grad(norm)(x))))(random([2, 2, 2, 3], 2));
  });
});
