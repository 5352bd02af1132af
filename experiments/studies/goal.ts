import type { Section } from "../report/section.ts";

/** An expectation from the thesis' figures, and whether it was met. */
export interface Goal {
  goal: string;
  measured: string;
  isReached: boolean;
}

export const goalSection = (goals: readonly Goal[]): Section => ({
  title: "Goals",
  text: [],
  table: {
    head: ["goal", "measured", "reached"],
    rows: goals.map(({ goal, measured, isReached }) => [goal, measured, isReached ? "yes" : "no"]),
  },
  charts: [],
  conclusion: goals
    .map(({ goal, measured, isReached }) => `${isReached ? "Yes" : "No"}: ${goal} (${measured}).`)
    .join(" "),
});
