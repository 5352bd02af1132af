export { extractActivations, type SplitModel } from "./activations.ts";
export { type AttentionFusionOptions, attentionFusion } from "./attention-fusion.ts";
export type { CentroidCallbackOptions } from "./centroid-options.ts";
export { CentroidCallback } from "./centroids.ts";
export { CheckpointCallback, type CheckpointCallbackOptions } from "./checkpoint/callback.ts";
export { encodeCheckpoint, restoreCheckpoint } from "./checkpoint/checkpoint.ts";
export { indexedDbCheckpoint } from "./checkpoint/indexed-db.ts";
export { type CheckpointStore, fileCheckpoint } from "./checkpoint/store.ts";
export type { RestoredState, TrainingState } from "./checkpoint/training-state.ts";
export { type ContrastProjectionOptions, contrastProjection } from "./contrast-projection.ts";
export type { LabelledData, LabelledDataset, LabelledTensors } from "./data.ts";
export { type DistillationStepOptions, distillationStep } from "./distiller/distillation-step.ts";
export {
  Distiller,
  type DistillerCompileOptions,
  type DistillerFitDatasetOptions,
  type DistillerFitOptions,
  type DistillerOptions,
} from "./distiller/distiller.ts";
export type { DistillationBatch, DistillationLoss } from "./distiller/measure.ts";
export type { LogitsModel } from "./distiller/networks.ts";
export type { DistillerCheckpoint } from "./distiller/progress.ts";
export { type WeightedSum, weightedSum } from "./distiller/weighted-sum.ts";
export type { PassOptions } from "./estimate.ts";
export { featureExtractor } from "./features.ts";
export { type HintRegressorOptions, hintRegressor } from "./hint-regressor.ts";
export { setLearningRate } from "./learning-rate.ts";
export {
  LearningRateScheduler,
  type LearningRateSchedulerOptions,
} from "./learning-rate-scheduler.ts";
export { type CompiledMcmiOptions, compiledMcmiLoss } from "./loss.ts";
export { CmiMonitor, type CmiMonitorOptions } from "./monitor.ts";
export {
  type CosineScheduleOptions,
  cosineSchedule,
  type LearningRateSchedule,
  type StepScheduleOptions,
  stepSchedule,
} from "./schedules.ts";
export { type SelfSupervisedHeadsOptions, selfSupervisedHeads } from "./self-supervised-heads.ts";
export { type VidRegressorOptions, vidLogScale, vidRegressor } from "./vid-regressor.ts";
