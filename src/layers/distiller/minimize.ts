import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { setSlotVariables, slotVariables, withJoined } from "../checkpoint/slot-variables.ts";

/** A loss to minimise and the layers that it uses. */
export interface UsedLayers {
  loss: tf.Scalar;
  layers: Iterable<tfl.layers.Layer>;
}

/**
 * Updates all trainable variables that a loss depends on by one step of an optimizer. As in `model.fit`,
 * the weights of frozen layers and models do not change. The flags of their variables do not show that
 * they are frozen.
 *
 * @param frozen Variables that are known to be frozen before the loss is computed.
 * @param run Computes the loss.
 */
export function minimize(
  optimizer: tf.Optimizer,
  frozen: ReadonlySet<tf.Tensor>,
  run: () => UsedLayers,
): void {
  const registered = Object.values(tf.engine().registeredVariables);
  const candidates = registered.filter((x) => x.trainable && !frozen.has(x));
  let used: Iterable<tfl.layers.Layer> = [];
  const { value, grads } = optimizer.computeGradients(() => {
    const { loss, layers } = run();
    used = layers;
    return loss;
  }, candidates);
  const frozenInUse = frozenWeights(used);
  const trained = candidates.filter((x) => grads[x.name] && !frozenInUse.has(x));
  const ordered = withJoined(slotVariables(optimizer), trained);
  setSlotVariables(optimizer, ordered);
  optimizer.applyGradients(
    ordered.map((x) => {
      // tfjs leaves a variable without gradient and its slot unchanged.
      const tensor = x && trained.includes(x) ? grads[x.name] : undefined;
      return { name: x?.name ?? "", tensor: tensor as tf.Tensor };
    }),
  );
  tf.dispose([value, grads]);
}

/** Weights of layers and models that are not trainable. A nested model may freeze its layers. */
export function frozenWeights(layers: Iterable<tfl.layers.Layer>): Set<tf.Tensor> {
  const frozen = new Set<tf.Tensor>();
  for (const layer of layers) {
    const trainable = new Set(layer.trainableWeights);
    for (const weight of layer.weights) if (!trainable.has(weight)) frozen.add(weight.read());
  }
  return frozen;
}
