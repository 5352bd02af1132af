import type { Section } from "../report/section.ts";

/** What the thesis' figures let one hope for, and whether it came about. */
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
});
