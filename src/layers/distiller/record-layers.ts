import * as tfl from "@tensorflow/tfjs-layers";

/**
 * Runs a function and returns the layers and models that it applies, in the order of their first use.
 * tfjs-layers has no hook for this, and a variable has no reference to its layer. So the method `apply`
 * of all layers is replaced while the function runs.
 */
export function recordLayers<T>(run: () => T): { value: T; layers: Set<tfl.layers.Layer> } {
  const layers = new Set<tfl.layers.Layer>();
  const { prototype } = tfl.layers.Layer;
  const { apply } = prototype;
  prototype.apply = function (this: tfl.layers.Layer, ...args) {
    layers.add(this);
    return apply.call(this, ...args);
  };
  try {
    return { value: run(), layers };
  } finally {
    prototype.apply = apply;
  }
}
