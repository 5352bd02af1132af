import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";

/**
 * Converts dense layers with ReLU between them to a TensorFlow graph, in the format of
 * `tensorflowjs_converter`. It takes the place of a file converted from Python.
 */
export async function toGraphFile(model: tfl.LayersModel): Promise<tf.io.ModelArtifacts> {
  const weightSpecs: tf.io.WeightsManifestEntry[] = [];
  const buffers: ArrayBuffer[] = [];
  const type = { T: { type: "DT_FLOAT" } };
  const node: object[] = [{ name: "x", op: "Placeholder", attr: { dtype: { type: "DT_FLOAT" } } }];
  let last = "x";
  const variables = model.getWeights();
  for (let i = 0; i < variables.length; i += 2) {
    for (const [name, weight] of [
      [`kernel${i}`, variables[i]!],
      [`bias${i}`, variables[i + 1]!],
    ] as const) {
      node.push({ name, op: "Const", attr: { dtype: { type: "DT_FLOAT" } } });
      weightSpecs.push({ name, shape: weight.shape, dtype: "float32" });
      buffers.push(new Float32Array(await weight.data()).buffer);
    }
    node.push({ name: `product${i}`, op: "MatMul", input: [last, `kernel${i}`], attr: type });
    node.push({ name: `sum${i}`, op: "BiasAdd", input: [`product${i}`, `bias${i}`], attr: type });
    last = `sum${i}`;
    if (i + 2 === variables.length) break;
    node.push({ name: `relu${i}`, op: "Relu", input: [last], attr: type });
    last = `relu${i}`;
  }
  const weightData = tf.io.concatenateArrayBuffers(buffers);
  return {
    modelTopology: { node, versions: { producer: 1, minConsumer: 0 } },
    weightSpecs,
    weightData,
  };
}
