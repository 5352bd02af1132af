export { CentroidCallback, type CentroidCallbackOptions } from "./centroids.ts";
export { featureExtractor } from "./features.ts";
export { type CompiledMcmiOptions, compiledMcmiLoss } from "./loss.ts";
