import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { beforeAll, describe, expect, test } from "vitest";
import { registerTrainingKernels } from "../../src/wasm/index.ts";
import { expectSameAsCpu, on, random } from "./support.ts";

beforeAll(registerTrainingKernels);

const functions = { relu: tf.relu, square: tf.square } as const;

describe.each(Object.keys(functions) as (keyof typeof functions)[])("gradient of %s", (name) => {
  const gradient = (x: tf.Tensor) => {
    const dy = random(x.shape, 2);
    return tf.grad((x) => tf.sum(tf.mul(functions[name](x), dy)))(x);
  };

  test.each([[[]], [[1]], [[7]], [[8]], [[3, 5, 9]], [[0]]])("%j", async (shape) => {
    await expectSameAsCpu(() => gradient(random(shape, 1)));
  });

  test("signed zeros, infinities and NaN", async () => {
    const special = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
    const x = () => tf.tensor1d([...special, 1, -1, ...special]);
    const cpu = await on("cpu", () => gradient(x()));
    const wasm = await on("wasm", () => gradient(x()));
    expect(wasm.values).toEqual(cpu.values);
  });
});

describe("Identity and Cast to the same dtype", () => {
  test.each(["float32", "int32", "bool"] as const)("%s shares memory", async (dtype) => {
    await tf.setBackend("wasm");
    const x = tf.tensor1d([1, 0, 1], dtype);
    const copies = [tf.clone(x), tf.cast(x, dtype)];
    for (const copy of copies) expect(copy.dataId).toBe(x.dataId);
    x.dispose();
    for (const copy of copies) expect([...(await copy.data())]).toEqual([1, 0, 1]);
    tf.dispose(copies);
  });

  test("between dtypes, and strings", async () => {
    await expectSameAsCpu(() => tf.cast(tf.tensor1d([1, 0, 3], "int32"), "float32"));
    await expectSameAsCpu(() => tf.cast(tf.tensor1d([1.7, 0, 3]), "int32"));
    await tf.setBackend("wasm");
    const strings = tf.clone(tf.tensor1d(["a", "b"]));
    expect(await strings.data()).toEqual(["a", "b"]);
    strings.dispose();
  });

  test("a variable and its clone are independent", async () => {
    await tf.setBackend("wasm");
    const variable = tf.variable(tf.tensor1d([1, 2]));
    const before = variable.clone();
    variable.assign(tf.tensor1d([3, 4]));
    expect([...(await before.data())]).toEqual([1, 2]);
    tf.dispose([variable, before]);
  });
});
