import type { Plan } from "../pipeline/plan.ts";
import type { Section } from "../report/section.ts";
import { settingsOf } from "../report/settings.ts";

/** An expectation from the thesis' figures, and whether it was met. */
export interface Goal {
  goal: string;
  measured: string;
  isReached: boolean;
}

export const goalSection = (goals: readonly Goal[], plans: readonly Plan[]): Section => ({
  title: "Goals",
  text: [],
  table: {
    settings: settingsOf(plans),
    head: ["goal", "measured", "reached"],
    rows: goals.map(({ goal, measured, isReached }) => [goal, measured, isReached ? "yes" : "no"]),
  },
  charts: [],
  conclusion: goals
    .map(({ goal, measured, isReached }) => `${isReached ? "Yes" : "No"}: ${goal} (${measured}).`)
    .join(" "),
});
