import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";

/**
 * n numbers within 0–1 that depend only on the name, by 32-bit integer arithmetic. The program that
 * generated `golden/models.json` used the same numbers for the reference.
 */
export function uniform(name: string, n: number): Float64Array {
  let phase = 0;
  for (const [i, letter] of [...name].entries()) phase += (i + 1) * letter.charCodeAt(0);
  return Float64Array.from({ length: n }, (_, i) => {
    let x = Math.imul(i + phase * 7919, 2654435761);
    x = Math.imul(x ^ (x >>> 16), 2246822519);
    x = Math.imul(x ^ (x >>> 13), 3266489917);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  });
}

/** A kernel of a dense layer or a convolution, filled in PyTorch's order: outputs, inputs, rows, columns. */
function kernel(name: string, shape: number[]): tf.Tensor {
  const [height, width, inputs, outputs] = [...Array(4 - shape.length).fill(1), ...shape];
  const fanIn = height * width * (outputs === 1 ? 1 : inputs); // 1: depthwise
  const bound = Math.sqrt(6 / fanIn);
  const values = uniform(name, tf.util.sizeFromShape(shape)).map((u) => (2 * u - 1) * bound);
  return tf.tidy(() => {
    const torch = tf.tensor4d(Float32Array.from(values), [outputs, inputs, height, width]);
    return tf.reshape(tf.transpose(torch, [2, 3, 1, 0]), shape);
  });
}

function vector(name: string, n: number, from: number, to: number): tf.Tensor {
  return tf.tensor1d(Float32Array.from(uniform(name, n), (u) => from + (to - from) * u));
}

/** Fills each weight of a model with values that depend on its layer's name. */
export function fillWeights(model: tfl.LayersModel): void {
  for (const layer of model.layers) {
    const shapes = layer.weights.map(({ shape }) => shape as number[]);
    if (shapes.length === 0) continue;
    const n = shapes.at(-1)!.at(-1)!;
    const { name } = layer;
    const values =
      layer.getClassName() === "BatchNormalization"
        ? [
            vector(`${name} gamma`, n, 0.5, 1.5),
            vector(`${name} beta`, n, -0.1, 0.1),
            vector(`${name} mean`, n, -0.1, 0.1),
            vector(`${name} variance`, n, 0.5, 1.5),
          ]
        : [
            kernel(name, shapes[0]!),
            ...(shapes.length > 1 ? [vector(`${name} bias`, n, -0.1, 0.1)] : []),
          ];
    layer.setWeights(values);
    tf.dispose(values);
  }
}
