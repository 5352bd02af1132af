export { type DistOptions, distLoss } from "./distill/logits/dist.ts";
export { type DkdOptions, dkdLoss } from "./distill/logits/dkd.ts";
export { type KdOptions, kdLoss } from "./distill/logits/kd.ts";
export { standardizeLogits } from "./distill/logits/standardize.ts";
export { correlationLoss } from "./distill/relations/correlation.ts";
export { pktLoss } from "./distill/relations/pkt.ts";
export { type RkdOptions, rkdLoss } from "./distill/relations/rkd.ts";
export { similarityLoss } from "./distill/relations/similarity.ts";
export {
  type HsakdOptions,
  hsakdLoss,
  type SelfSupervisedOutputs,
} from "./distill/self-supervised/hsakd.ts";
export { jointLabels, rotateBatch } from "./distill/self-supervised/rotation.ts";
export { classCentroids, updateCentroids } from "./information/centroids.ts";
export { type CmiOptions, conditionalMutualInformation } from "./information/cmi.ts";
export { CmiEstimator, type CmiEstimatorJson, type CmiReport } from "./information/estimator.ts";
export { checkLabels } from "./information/labels.ts";
export type { Layers } from "./internal/layer-loss.ts";
export type { SampleLossOptions } from "./internal/sample-loss.ts";
export { type McmiOptions, mcmiLoss } from "./teacher/mcmi.ts";
