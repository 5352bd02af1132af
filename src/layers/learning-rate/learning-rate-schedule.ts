/**
 * A learning rate as a function of the number of epochs done: 0 at the start, fractions allowed. It
 * depends on nothing else, so a resumed run needs no further state.
 */
export type LearningRateSchedule = (epoch: number) => number;
