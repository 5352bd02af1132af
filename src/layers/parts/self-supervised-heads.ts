import * as tfl from "@tensorflow/tfjs-layers";
import { checkOptions } from "../../internal/checks.ts";
import { connectLayer } from "../model/apply-layer.ts";
import { checkModel, checkNames } from "../model/check-model.ts";
import { outputsOf } from "../model/feature-extractor.ts";
import type { Links } from "../model/graph.ts";
import { modelOf } from "../model/path-outputs.ts";

/** Options of {@link selfSupervisedHeads}. */
export interface SelfSupervisedHeadsOptions {
  /**
   * Builds the layers of a head before pooling and logits; `index` counts the heads from 0. The
   * authors repeat the stages of the network that follow the feature maps.
   *
   * Default for feature maps: 3×3 convolutions without bias, each with batch normalisation and ReLU.
   * There is one for each later head, which halves the size and doubles the channels. The last head
   * has one that preserves both. Default for features [N, D]: none.
   */
  branch?: ((features: tfl.SymbolicTensor, index: number) => tfl.SymbolicTensor) | undefined;
}

/**
 * Adds the auxiliary heads of HSAKD to a classifier. Each head maps the features of a layer to joint
 * logits of class and rotation, 4C for C classes (`jointLabels`).
 *
 * The result shares the classifier's layers, so training one trains the other. With
 * `classifier.trainable = false` only the heads are trained.
 *
 * Source: Yang et al., "Hierarchical self-supervised augmented knowledge distillation", IJCAI 2021
 * (arXiv 2107.13715), section 3.
 *
 * @param model A `tf.layers` classifier with one output, logits [N, C].
 * @param layerNames Layers of the model, from the input to the output, at least one: feature maps
 * [N, H, W, channels] or features [N, D]. A path such as `backbone/conv4` names a layer of a nested
 * model. `save` does not support a model with paths: keep its weights by `getWeights`.
 * @param options Custom layers for the heads.
 * @returns A model with the same inputs and the outputs [logits, …heads]: [N, C], then [N, 4C] for
 * each name. Its input is a batch rotated by `rotateBatch`, so N is 4 times the number of images. In a
 * custom loop, pass `training: true` to `apply`, so that the batch normalisation uses the statistics
 * of the batch.
 * @throws If the model does not have a single output of rank 2, if the list is empty or a name is not
 * in the model, or if the rank of features is neither 2 nor 4.
 *
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import * as tfl from "@tensorflow/tfjs-layers";
 * import { rotateBatch } from "kd-cmi";
 * import { selfSupervisedHeads } from "kd-cmi/layers";
 *
 * const classifier = tfl.sequential({
 *   layers: [
 *     tfl.layers.conv2d({ name: "early", filters: 4, kernelSize: 3, inputShape: [8, 8, 1] }),
 *     tfl.layers.conv2d({ name: "late", filters: 8, kernelSize: 3, strides: 2 }),
 *     tfl.layers.globalAveragePooling2d({}),
 *     tfl.layers.dense({ units: 3 }),
 *   ],
 * });
 * const model = selfSupervisedHeads(classifier, ["early", "late"]);
 * const rotated = rotateBatch(tf.randomNormal([2, 8, 8, 1]));
 * const [logits, ...heads] = model.apply(rotated) as tf.Tensor[]; // [8, 3], [8, 12], [8, 12]
 * ```
 */
export function selfSupervisedHeads(
  model: tfl.LayersModel,
  layerNames: readonly string[],
  options: SelfSupervisedHeadsOptions = {},
): tfl.LayersModel {
  checkOptions("selfSupervisedHeads", options, ["branch"]);
  const { branch } = options;
  checkModel("selfSupervisedHeads", "model", model);
  checkNames("selfSupervisedHeads", "layerNames", layerNames);
  const [output, ...others] = model.outputs;
  const classes = output?.rank === 2 && others.length === 0 ? output.shape[1] : undefined;
  if (!classes) {
    const got = model.outputs.map(({ shape }) => `[${shape}]`).join(", ");
    throw new Error(`selfSupervisedHeads: model must have one output [batch,classes], got ${got}`);
  }
  const links: Links = new Map();
  const named = outputsOf("selfSupervisedHeads", model, layerNames, links);
  // Outputs of layers in nested models are no tensors of the model's own graph.
  const all = [output, ...named] as tfl.SymbolicTensor[];
  const [logits, ...outputs] =
    links.size > 0 ? modelOf("selfSupervisedHeads", model, all, links).outputs : all;
  const heads = outputs.map((features, index) => {
    if (features.rank !== 2 && features.rank !== 4) {
      throw new Error(
        `selfSupervisedHeads: layerNames[${index}] must give features of rank 2 or 4, got ${layerNames[index]} of [${features.shape}]`,
      );
    }
    const laterHeads = layerNames.length - 1 - index;
    const own = branch ? branch(features, index) : convolutions(features, laterHeads);
    const pool = tfl.layers.globalAveragePooling2d({});
    const row = own.rank === 4 ? connectLayer(pool, own) : own;
    return connectLayer(tfl.layers.dense({ units: 4 * classes }), row);
  });
  return tfl.model({ inputs: model.inputs, outputs: [logits as tfl.SymbolicTensor, ...heads] });
}

/** The default layers of a head that is followed by other heads. */
function convolutions(features: tfl.SymbolicTensor, laterHeads: number): tfl.SymbolicTensor {
  if (features.rank === 2) return features;
  const channels = features.shape[3]!;
  if (laterHeads === 0) return convolution(features, channels, 1);
  const widths = Array.from({ length: laterHeads }, (_, i) => channels * 2 ** (i + 1));
  return widths.reduce((x, filters) => convolution(x, filters, 2), features);
}

function convolution(x: tfl.SymbolicTensor, filters: number, strides: number) {
  const config = { kernelSize: 3, padding: "same", useBias: false } as const;
  const kernelInitializer = "heNormal";
  const maps = connectLayer(
    tfl.layers.conv2d({ ...config, filters, strides, kernelInitializer }),
    x,
  );
  const normalized = connectLayer(
    tfl.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 }),
    maps,
  );
  return connectLayer(tfl.layers.reLU(), normalized);
}
