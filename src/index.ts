export { classActivationMap } from "./cam/class-activation.ts";
export { clusterEigenCam } from "./cam/cluster-eigen.ts";
export {
  type CamClassScore,
  CamClusterEstimator,
  type CamClusterReport,
  type CamClusterScore,
} from "./cam/cluster-estimator.ts";
export type { Colormap } from "./cam/colormaps.ts";
export { eigenCam } from "./cam/eigen.ts";
export { gradCam } from "./cam/grad-cam.ts";
export { type NormalizeCamOptions, normalizeCam } from "./cam/normalize.ts";
export { type OverlayCamOptions, overlayCam } from "./cam/overlay.ts";
export { camClusterScore } from "./cam/score.ts";
export {
  type ContrastBankOptions,
  createContrastBank,
  updateContrastBank,
} from "./distill/contrast/bank.ts";
export { crdLoss } from "./distill/contrast/crd.ts";
export { inBatchCrdLoss } from "./distill/contrast/in-batch.ts";
export { checkContrastIndices } from "./distill/contrast/indices.ts";
export { l2Normalize } from "./distill/contrast/l2-normalize.ts";
export { contrastNormalizer } from "./distill/contrast/normalizer.ts";
export {
  contrastQueueIndices,
  createContrastQueue,
  updateContrastQueue,
} from "./distill/contrast/queue.ts";
export { type SampleContrastOptions, sampleContrastIndices } from "./distill/contrast/sample.ts";
export {
  type ActivationBoundaryOptions,
  activationBoundaryLoss,
} from "./distill/features/activation-boundary.ts";
export {
  type AttentionTransferOptions,
  attentionTransferLoss,
} from "./distill/features/attention.ts";
export { factorTransferLoss } from "./distill/features/factor.ts";
export { fspLoss } from "./distill/features/fsp.ts";
export { hierarchicalContextLoss } from "./distill/features/hcl.ts";
export { hintLoss } from "./distill/features/hint.ts";
export { nstLoss } from "./distill/features/nst.ts";
export { type VidOptions, vidLoss } from "./distill/features/vid.ts";
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
export type {
  ContrastBank,
  ContrastIndices,
  ContrastNormalizer,
  CrdOptions,
  SharedContrastIndices,
} from "./internal/contrast.ts";
export type { Layers } from "./internal/layer-loss.ts";
export type { SampleLossOptions } from "./internal/sample-loss.ts";
export { type McmiOptions, mcmiLoss } from "./teacher/mcmi.ts";
