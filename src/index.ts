export { classActivationMap } from "./cam/maps/class-activation-map.ts";
export { clusterEigenCam } from "./cam/maps/cluster-eigen-cam.ts";
export { eigenCam } from "./cam/maps/eigen-cam.ts";
export { gradCam } from "./cam/maps/grad-cam.ts";
export type { Colormap } from "./cam/pictures/colormaps.ts";
export { type NormalizeCamOptions, normalizeCam } from "./cam/pictures/normalize-cam.ts";
export { type OverlayCamOptions, overlayCam } from "./cam/pictures/overlay-cam.ts";
export {
  type CamClassScore,
  CamClusterEstimator,
  type CamClusterOptions,
  type CamClusterReport,
  type CamClusterScore,
} from "./cam/scores/cam-cluster-estimator.ts";
export { camClusterScore } from "./cam/scores/cam-cluster-score.ts";
export { checkContrastIndices } from "./distill/contrast/check-contrast-indices.ts";
export {
  type ContrastBankOptions,
  createContrastBank,
  type UpdateContrastBankOptions,
  updateContrastBank,
} from "./distill/contrast/contrast-bank.ts";
export {
  type ContrastLossOptions,
  ContrastMemory,
  type ContrastMemoryOptions,
} from "./distill/contrast/contrast-memory.ts";
export { contrastNormalizer } from "./distill/contrast/contrast-normalizer.ts";
export {
  contrastQueueIndices,
  createContrastQueue,
  updateContrastQueue,
} from "./distill/contrast/contrast-queue.ts";
export { crdLoss } from "./distill/contrast/crd-loss.ts";
export { inBatchCrdLoss } from "./distill/contrast/in-batch-crd-loss.ts";
export { l2Normalize } from "./distill/contrast/l2-normalize.ts";
export {
  type SampleContrastOptions,
  sampleContrastIndices,
} from "./distill/contrast/sample-contrast-indices.ts";
export type {
  ContrastBank,
  ContrastIndices,
  ContrastNormalizer,
  CrdOptions,
  SharedContrastIndices,
} from "./distill/contrast/types.ts";
export {
  type ActivationBoundaryOptions,
  activationBoundaryLoss,
} from "./distill/features/activation-boundary-loss.ts";
export {
  type AttentionTransferOptions,
  attentionTransferLoss,
} from "./distill/features/attention-transfer-loss.ts";
export { type ChannelWiseOptions, channelWiseLoss } from "./distill/features/channel-wise-loss.ts";
export { factorTransferLoss } from "./distill/features/factor-transfer-loss.ts";
export { fspLoss } from "./distill/features/fsp-loss.ts";
export { hierarchicalContextLoss } from "./distill/features/hierarchical-context-loss.ts";
export { hintLoss } from "./distill/features/hint-loss.ts";
export { nstLoss } from "./distill/features/nst-loss.ts";
export { overhaulLoss } from "./distill/features/overhaul-loss.ts";
export { overhaulMargin } from "./distill/features/overhaul-margin.ts";
export { type VidOptions, vidLoss } from "./distill/features/vid-loss.ts";
export type { LayerFeatures } from "./distill/layer-pairs.ts";
export { type BinaryKdOptions, binaryKdLoss } from "./distill/logits/binary-kd-loss.ts";
export { type DistOptions, distLoss } from "./distill/logits/dist-loss.ts";
export { type DkdOptions, dkdLoss } from "./distill/logits/dkd-loss.ts";
export { type KdOptions, kdLoss } from "./distill/logits/kd-loss.ts";
export { standardizeLogits } from "./distill/logits/standardize-logits.ts";
export { correlationLoss } from "./distill/relations/correlation-loss.ts";
export { pktLoss } from "./distill/relations/pkt-loss.ts";
export { type RkdOptions, rkdLoss } from "./distill/relations/rkd-loss.ts";
export { similarityLoss } from "./distill/relations/similarity-loss.ts";
export {
  type HsakdOptions,
  hsakdLoss,
  type SelfSupervisedOutputs,
} from "./distill/self-supervised/hsakd-loss.ts";
export { jointLabels } from "./distill/self-supervised/joint-labels.ts";
export { rotateBatch } from "./distill/self-supervised/rotate-batch.ts";
export { checkLabels } from "./information/check-labels.ts";
export { type ClassCentroidsOptions, classCentroids } from "./information/class-centroids.ts";
export {
  CmiEstimator,
  type CmiEstimatorOptions,
  type CmiResultOptions,
  type CmiUpdateOptions,
} from "./information/cmi-estimator.ts";
export type { CmiEstimatorJson } from "./information/cmi-json.ts";
export type { CmiMeasures, CmiReport } from "./information/cmi-sums.ts";
export {
  type CmiOptions,
  conditionalMutualInformation,
} from "./information/conditional-mutual-information.ts";
export { type UpdateCentroidsOptions, updateCentroids } from "./information/update-centroids.ts";
export type { Reduced, SampleLossOptions, Unreduced } from "./internal/sample-loss.ts";
export { type CmicOptions, cmicLoss } from "./teacher/cmic-loss.ts";
export { type McmiOptions, mcmiLoss } from "./teacher/mcmi-loss.ts";
