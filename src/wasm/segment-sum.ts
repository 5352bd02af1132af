import * as tf from "@tensorflow/tfjs-core";
import { type KernelCall, kernel } from "./run.ts";

/**
 * out[s] = Σ over i with segmentIds[i] = s of x[i]; [N, …] → [numSegments, …]. Ids outside
 * 0…numSegments − 1 are dropped. The gradient of `tf.gather`, and so of an embedding.
 *
 * The sums are float32. For an int32 or bool x they are int32, as on webgl.
 */
function unsortedSegmentSum(
  call: KernelCall<"x" | "segmentIds", tf.UnsortedSegmentSumAttrs>,
): tf.TensorInfo {
  const { backend, attrs, inputs } = call;
  const { x, segmentIds } = inputs;
  const { numSegments } = attrs;
  const ids = tf.util.sizeFromShape(segmentIds.shape);
  const inner = x.shape.slice(segmentIds.shape.length);
  const rowSize = tf.util.sizeFromShape(inner);
  const out = backend.makeOutput([numSegments, ...inner], tf.sumOutType(x.dtype));

  const rows = backend.typedArrayFromHeap(x);
  const segments = backend.typedArrayFromHeap(segmentIds);
  const sums = backend.typedArrayFromHeap(out).fill(0);
  for (let row = 0; row < ids; row++) {
    const segment = segments[row]!;
    if (segment < 0 || segment >= numSegments) continue;
    const [from, to] = [row * rowSize, segment * rowSize];
    for (let i = 0; i < rowSize; i++) sums[to + i]! += rows[from + i]!;
  }
  return out;
}

export const segmentSumKernel = kernel(tf.UnsortedSegmentSum, unsortedSegmentSum);
