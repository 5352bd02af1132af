import type * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { applyLayer } from "./apply-layer.ts";
import { isModel } from "./leaf-layers.ts";

/**
 * Symbolic tensors of equal value, by id. An output of a nested model in the outer graph links to that
 * in the model's own graph, and an input in its own graph links to that in the outer graph.
 */
export type Links = Map<number, tfl.SymbolicTensor>;

/** The output of a layer by its name, or by the path `backbone/layer` of a layer in a nested model. */
export function outputAt(
  fn: string,
  model: tfl.LayersModel,
  path: string,
  links: Links,
): tfl.SymbolicTensor {
  const [name, rest] = splitPath(model, path);
  const first = inlinedModel(model, name);
  if (first && rest !== undefined) return outputAt(fn, first, rest, links);
  const output = first?.outputs[0] ?? outputOf(fn, model, name);
  if (rest === undefined) return output;
  const nested = output.sourceLayer;
  if (!isModel(nested)) {
    throw new Error(
      `${fn}: ${name} of layer ${path} must be a model, got ${nested.getClassName()}`,
    );
  }
  const { inputTensors, outputTensors } = nodeOf(output);
  for (const [i, symbol] of outputTensors.entries()) links.set(symbol.id, nested.outputs[i]!);
  for (const [i, { id }] of nested.inputs.entries()) links.set(id, inputTensors[i]!);
  return outputAt(fn, nested, rest, links);
}

/** The name of a layer in the model, and the rest of the path if the layer is a nested model. */
function splitPath(model: tfl.LayersModel, path: string): [name: string, rest?: string] {
  if (model.layers.some(({ name }) => name === path)) return [path];
  const nested = model.layers.find(({ name }) => path.startsWith(`${name}/`));
  return nested ? [nested.name, path.slice(nested.name.length + 1)] : [path];
}

/** The output of a layer of a model, also of a layer that other models use too. */
function outputOf(fn: string, model: tfl.LayersModel, layerName: string): tfl.SymbolicTensor {
  const known = model.layers.map(({ name }) => name);
  if (!known.includes(layerName)) {
    const expected = `layers of the model (${known.join(", ")})`;
    throw new Error(`${fn}: layerNames must be ${expected}, got ${layerName}`);
  }
  const nodes = new Set(
    [...symbolsOf(model)].filter(({ sourceLayer }) => sourceLayer.name === layerName).map(nodeOf),
  );
  const [node, ...others] = nodes;
  if (node && others.length === 0) return node.outputTensors[0]!;
  throw new Error(
    `${fn}: layer ${layerName} must be used once in the model, got ${nodes.size} uses`,
  );
}

/** All symbolic tensors of a model's graph. */
function symbolsOf(model: tfl.LayersModel): Set<tfl.SymbolicTensor> {
  const symbols = new Set(model.outputs);
  for (const symbol of symbols) for (const input of symbol.inputs) symbols.add(input);
  return symbols;
}

/** A nested model whose graph is part of the outer one: tfjs inlines the first model of a sequence. */
function inlinedModel(model: tfl.LayersModel, name: string): tfl.LayersModel | undefined {
  const nested = model.layers.find((layer) => layer.name === name);
  if (!nested || !isModel(nested)) return undefined;
  const symbols = symbolsOf(model);
  return nested.outputs.every((output) => symbols.has(output)) ? nested : undefined;
}

/** The call of a layer that a symbolic tensor is an output of. */
const nodeOf = (symbol: tfl.SymbolicTensor) =>
  symbol.sourceLayer.inboundNodes.find(({ outputTensors }) => outputTensors.includes(symbol))!;

/**
 * Computes the value of a symbolic tensor of a model from known values, to which it adds the outputs of
 * all layers that run. `missing` throws if the value depends on an unknown input.
 */
export function evaluate(
  symbol: tfl.SymbolicTensor,
  known: Map<number, tf.Tensor>,
  links: Links,
  training: boolean,
  missing: () => never,
): tf.Tensor {
  const value = known.get(symbol.id);
  if (value) return value;
  const link = links.get(symbol.id);
  if (link) return evaluate(link, known, links, training, missing);
  if (symbol.inputs.length === 0) missing();
  const inputs = symbol.inputs.map((input) => evaluate(input, known, links, training, missing));
  const outputs = applyLayer(
    symbol.sourceLayer,
    inputs.length === 1 ? inputs[0]! : inputs,
    training,
  );
  for (const [i, { id }] of nodeOf(symbol).outputTensors.entries()) known.set(id, outputs[i]!);
  return known.get(symbol.id)!;
}
