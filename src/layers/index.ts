export { CheckpointCallback } from "./checkpoint/checkpoint-callback.ts";
export type { CheckpointOptions } from "./checkpoint/checkpoint-options.ts";
export type { CheckpointStore } from "./checkpoint/checkpoint-store.ts";
export { encodeCheckpoint } from "./checkpoint/encode-checkpoint.ts";
export { fileCheckpoint } from "./checkpoint/file-checkpoint.ts";
export { indexedDbCheckpoint } from "./checkpoint/indexed-db-checkpoint.ts";
export { restoreCheckpoint } from "./checkpoint/restore-checkpoint.ts";
export type { RestoredState, TrainingState } from "./checkpoint/training-state.ts";
export type {
  DistillationData,
  DistillationTensors,
  LabelledData,
  LabelledDataset,
  LabelledPair,
  LabelledTensors,
  TeacherTensors,
} from "./data/labelled-data.ts";
export type { ClassWeights } from "./data/sample-weights.ts";
export { type AverageTeachersOptions, averageTeachers } from "./distiller/average-teachers.ts";
export type { DistillationBatch } from "./distiller/distillation-batch.ts";
export {
  type DistillationScalars,
  type DistillationStepData,
  type DistillationStepOptions,
  distillationStep,
} from "./distiller/distillation-step.ts";
export {
  Distiller,
  type DistillerCompileOptions,
  type DistillerEvaluateDatasetOptions,
  type DistillerEvaluateOptions,
  type DistillerFitDatasetOptions,
  type DistillerFitOptions,
} from "./distiller/distiller.ts";
export type { DistillerOptions } from "./distiller/distiller-options.ts";
export type { DistillerHistory } from "./distiller/epochs.ts";
export type { DistillationLoss } from "./distiller/measure.ts";
export type { DistillerCheckpoint } from "./distiller/progress.ts";
export type {
  LogitsModel,
  Teacher,
  TeacherFunction,
  TeacherOutputs,
  TeacherResult,
} from "./distiller/teachers.ts";
export { type WeightedSum, weightedSum } from "./distiller/weighted-sum.ts";
export type { YieldEvery } from "./distiller/yield-to-events.ts";
export { type CosineScheduleOptions, cosineSchedule } from "./learning-rate/cosine-schedule.ts";
export type { LearningRateSchedule } from "./learning-rate/learning-rate-schedule.ts";
export {
  LearningRateScheduler,
  type LearningRateSchedulerOptions,
} from "./learning-rate/learning-rate-scheduler.ts";
export { setLearningRate } from "./learning-rate/set-learning-rate.ts";
export { type StepScheduleOptions, stepSchedule } from "./learning-rate/step-schedule.ts";
export { extractActivations, type SplitModel } from "./model/extract-activations.ts";
export { featureExtractor } from "./model/feature-extractor.ts";
export { fileModel } from "./model/file-model.ts";
export { type AttentionFusionOptions, attentionFusion } from "./parts/attention-fusion.ts";
export { type BoundaryConnectorOptions, boundaryConnector } from "./parts/boundary-connector.ts";
export { type ContrastProjectionOptions, contrastProjection } from "./parts/contrast-projection.ts";
export { type FactorParaphraserOptions, factorParaphraser } from "./parts/factor-paraphraser.ts";
export { type FactorTranslatorOptions, factorTranslator } from "./parts/factor-translator.ts";
export { type HintRegressorOptions, hintRegressor } from "./parts/hint-regressor.ts";
export { type JointHeadsOptions, jointHeads } from "./parts/joint-heads.ts";
export { type LinearEmbeddingOptions, linearEmbedding } from "./parts/linear-embedding.ts";
export { type OverhaulConnectorOptions, overhaulConnector } from "./parts/overhaul-connector.ts";
export {
  type SelfSupervisedHeadsOptions,
  selfSupervisedHeads,
} from "./parts/self-supervised-heads.ts";
export { type VidRegressorOptions, vidLogScale, vidRegressor } from "./parts/vid-regressor.ts";
export { type ReadTeacherOptions, readTeacherOutputs } from "./stored/read-teacher-outputs.ts";
export { writeTeacherOutputs } from "./stored/write-teacher-outputs.ts";
export {
  CentroidCallback,
  type CentroidCallbackOptions,
  type CentroidStrategy,
} from "./teacher/centroid-callback.ts";
export { CmiMonitor, type CmiMonitorOptions } from "./teacher/cmi-monitor.ts";
export { type CompiledMcmiOptions, compiledMcmiLoss } from "./teacher/compiled-mcmi-loss.ts";
export type { PassOptions } from "./teacher/estimate-cmi.ts";
