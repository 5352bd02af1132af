/** Shipped images of the teacher's training, on which the page fine-tunes it and trains the students. */
export const TRAIN_IMAGES = 5000;

/** Shipped test images, on which all accuracies of the page are measured. */
export const TEST_IMAGES = 1000;
