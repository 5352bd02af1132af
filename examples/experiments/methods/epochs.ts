/*
 * How long the parts of a method last that the student's own training knows nothing of. The published
 * numbers belong to 240 epochs over 50,000 images. The table's students train on fewer images for
 * fewer epochs, so each is a third of that.
 */

/** What is trained before the student is, 30 in RepDistiller (`init_epochs`). */
export const FIRST_STAGE_EPOCHS = 10;

/** The teacher's auxiliary heads, 100 in the runs of HSAKD's authors with a frozen backbone. */
export const HEADS_EPOCHS = 30;

/** In which a loss reaches its weight, 20 in mdistiller. */
export const WARM_UP_EPOCHS = 7;
