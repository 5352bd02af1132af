/** The class that the students never see. */
export const UNSEEN = 3;
