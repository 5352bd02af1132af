import type { Network, Setup } from "./method.ts";

/** Chooses layers of a network by name. */
export type Layers = (network: Network) => readonly string[];

/** The maps at the end of each stage, for the method of that name. */
export const allMaps =
  (method: string): Layers =>
  ({ maps, model }) => {
    if (maps.length > 0) return maps;
    throw new Error(`table: method ${method} needs a network with maps, ${model.name} has none`);
  };

export const lastMap =
  (method: string): Layers =>
  (network) =>
    allMaps(method)(network).slice(-1);

export const embedding: Layers = (network) => [network.embedding];

/** The same choice in teacher and student. */
export const onBoth = ({ teacher, student }: Setup, layers: Layers) => ({
  teacherLayers: layers(teacher),
  studentLayers: layers(student),
});

/** Of what a layer gives for a single image. */
export function shapeOf({ model }: Network, layer: string): number[] {
  const output = [model.getLayer(layer).output].flat()[0]!;
  return output.shape.slice(1) as number[];
}
