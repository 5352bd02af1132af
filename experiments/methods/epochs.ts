/*
 * Lengths of the stages of a method other than the student's own training. The published numbers are
 * for students with 240 epochs. Other students get the same share of theirs.
 */
const PUBLISHED = 240;
const sameShare = (of: number) => (epochs: number) =>
  Math.max(1, Math.round((epochs * of) / PUBLISHED));

/** The training before that of the student; 30 epochs in RepDistiller (`init_epochs`). */
export const firstStageEpochs = sameShare(30);

/** The training of the teacher's auxiliary heads; 100 epochs in HSAKD with a frozen backbone. */
export const headsEpochs = sameShare(100);

/** The rise of a loss to its weight; 20 epochs in mdistiller. */
export const warmUpEpochs = sameShare(20);
