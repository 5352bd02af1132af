// The kernels of kd-cmi/wasm in AssemblyScript. Arguments named like tensors are addresses of float32
// entries in the backend's memory. The module has no memory of its own: callers also give the scratch.
export { batchNorm, batchNormGrad } from "./batch-norm";
export { combineColumn, combineRow, repeatColumn, repeatRow } from "./broadcast";
export { convFilterGrad, pointwiseFilterGrad } from "./conv-filter";
export { convInputGrad, convInputGradOfPatches } from "./conv-input";
export { depthwiseFilterGrad, depthwiseInputGrad } from "./depthwise";
export { reluGrad, scaledProduct } from "./elementwise";
export { exp, log } from "./exp-log";
export { matMul } from "./mat-mul";
export { noiseLosses } from "./noise";
export { adam, momentum, sgd } from "./optimizers";
export { angleLosses, squaredPairs } from "./pairs";
export { centroidLosses, softDivergence, softmaxParts } from "./rows";
export { sumColumns, sumRows } from "./sums";
export { winogradConv, winogradFilterGrad } from "./winograd";
