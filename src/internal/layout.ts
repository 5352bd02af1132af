import * as tf from "@tensorflow/tfjs-core";

/** Sizes of a tensor whose axes are merged into three. */
export type Layout = [outer: number, middle: number, inner: number];

/**
 * Merges the axes of a shape into those before, within and after a run of selected axes. Axes of size 1
 * may be anywhere. Undefined if the selected axes are not neighbours.
 */
export function layoutOf(
  shape: number[],
  isSelected: (axis: number) => boolean,
): Layout | undefined {
  const layout: Layout = [1, 1, 1];
  let part = 0;
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue;
    if (isSelected(axis)) {
      if (part === 2) return undefined;
      part = 1;
    } else if (part === 1) {
      part = 2;
    }
    layout[part]! *= size;
  }
  return layout;
}

/** The layout of a shape around the axes along which another shape is repeated to give it. */
export function repeatLayout(shape: number[], from: number[]): Layout | undefined {
  const missing = shape.length - from.length;
  return layoutOf(shape, (axis) => (from[axis - missing] ?? 1) === 1);
}

/** The layout of a shape around the axes of a reduction. */
export function reductionLayout(shape: number[], axis: number | number[]): Layout | undefined {
  const axes = tf.util.parseAxisParam(axis, shape);
  return layoutOf(shape, (axis) => axes.includes(axis));
}
