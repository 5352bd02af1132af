/*
 * How long the parts of a method last that are not the student's own training. The published numbers
 * belong to students of 240 epochs; others get the same share of theirs.
 */
const PUBLISHED = 240;
const sameShare = (of: number) => (epochs: number) =>
  Math.max(1, Math.round((epochs * of) / PUBLISHED));

/** What is trained before a student of so many epochs is; 30 in RepDistiller (`init_epochs`). */
export const firstStageEpochs = sameShare(30);

/** The teacher's auxiliary heads, 100 in the runs of HSAKD's authors with a frozen backbone. */
export const headsEpochs = sameShare(100);

/** In which a loss reaches its weight, 20 in mdistiller. */
export const warmUpEpochs = sameShare(20);
