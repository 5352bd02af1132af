import type { LossLine } from "../losses.ts";
import type { NetworkName } from "../networks.ts";
import type { Card } from "./card.ts";

/** Times are medians of wall time in ms. */
export interface GpuLossLine extends LossLine {
  batch: number;
}

/** Medians of wall time in ms, with the kernels of losses. */
export interface GpuStepLine {
  /** Whether the kernels of gradients were registered too. */
  hasGradientKernels?: boolean;
  network: NetworkName;
  batch: number;
  ms: Record<string, number>;
}

export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
  failures: string[];
}

export interface GpuReport {
  card: Card;
  cpu: string;
  node: string;
  date: string;
  tests?: TestCounts;
  losses: GpuLossLine[];
  steps: GpuStepLine[];
  seconds: number;
}
