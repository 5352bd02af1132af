import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { evaluate, type Links } from "./graph.ts";
import { leafLayers } from "./leaf-layers.ts";

/**
 * Builds a model with the same inputs and weights that returns other tensors of the graph, in a single
 * pass.
 *
 * @throws If it must run layer by layer and a layer makes masks, which would be lost.
 */
export function modelOf(
  fn: string,
  model: tfl.LayersModel,
  outputs: tfl.SymbolicTensor[],
  links: Links,
): tfl.LayersModel {
  const { inputs } = model;
  // tfjs returns null for a repeated output.
  const isPlain = links.size === 0 && new Set(outputs).size === outputs.length;
  if (isPlain) return tfl.model({ inputs, outputs });
  const masking = leafLayers(model).find(makesMasks);
  if (masking) {
    const expected = "without masks for paths into nested models and for repeated layers";
    throw new Error(`${fn}: the model must be ${expected}, got layer ${masking.name}`);
  }
  const applied = new PathOutputs(model, outputs, links).apply(inputs);
  return tfl.model({ inputs, outputs: applied as tfl.SymbolicTensor[] });
}

const makesMasks = (layer: tfl.layers.Layer): boolean =>
  layer.getClassName() === "Masking" || layer.getConfig().maskZero === true;

/** Runs a model layer by layer, nested models too, and returns tensors of its graph. */
class PathOutputs extends tfl.layers.Layer {
  static className = "KdCmiPathOutputs";

  constructor(
    private readonly model: tfl.LayersModel,
    private readonly symbols: readonly tfl.SymbolicTensor[],
    private readonly links: Links,
  ) {
    super({});
  }

  override call(inputs: tf.Tensor | tf.Tensor[], { training = false }: { training?: boolean }) {
    return tf.tidy(() => {
      const known = new Map<number, tf.Tensor>();
      for (const [i, x] of [inputs].flat().entries()) known.set(this.model.inputs[i]!.id, x);
      const missing = (): never => {
        throw new Error(`the inputs of ${this.model.name} must be given, got ${known.size}`);
      };
      return this.symbols.map((symbol) =>
        tf.clone(evaluate(symbol, known, this.links, training, missing)),
      );
    });
  }

  override computeOutputShape(): tfl.Shape[] {
    return this.symbols.map(({ shape }) => shape);
  }

  override get trainableWeights(): tfl.LayerVariable[] {
    return this.model.trainableWeights;
  }

  override get nonTrainableWeights(): tfl.LayerVariable[] {
    return this.model.nonTrainableWeights;
  }
}
