import { describe, expect, test } from "vitest";
import type { Plan } from "../../experiments/pipeline/plan.ts";
import { type Recipe, recipes } from "../../experiments/recipe.ts";
import { comparison } from "../../experiments/studies/comparison.ts";
import { contenders } from "../../experiments/studies/contenders.ts";
import { fewShot } from "../../experiments/studies/few-shot.ts";
import { zeroShot } from "../../experiments/studies/zero-shot.ts";

const values: Record<string, number[]> = {
  CE: [1, 2, 3],
  control: [2, 2, 2],
  MCMI: [4, 5, 6],
  rival: [5, 5, 5],
};
const { images, teacher } = recipes.small;
const plans = [{ images, teacher }];
const settings = "Settings: no fine-tuning. Teachers: 20,000 images, 6,260 steps.";
const compare = (names: string[]) =>
  comparison({
    title: "Accuracy",
    gains: "Gains",
    first: "removed",
    names,
    rows: [{ label: "cat", digits: 1, values: (name) => values[name]! }],
    plans,
    charts: [],
  });

describe("a comparison", () => {
  test("has means and paired differences in one table", () => {
    expect(compare(["CE", "MCMI"]).map(({ table }) => table)).toEqual([
      {
        settings,
        head: ["removed", "CE", "MCMI", "MCMI − CE [95 % CI]"],
        rows: [["cat", "2.0 ± 0.6", "5.0 ± 0.6", "+3.0 [+3.0, +3.0]"]],
      },
    ]);
  });

  test("has a table of differences for many contenders", () => {
    const [means, gains] = compare(["CE", "control", "rival", "MCMI"]);
    expect(means!.table!.head).toEqual(["removed", "CE", "control", "rival", "MCMI"]);
    expect([means!.table!.settings, gains!.table!.settings]).toEqual([settings, settings]);
    expect(gains!.title).toBe("Gains");
    // t(0.975, 2) · 1/√3 = 2.484
    expect(gains!.table!.rows).toEqual([
      ["cat", "+3.0 [+3.0, +3.0]", "+3.0 [+0.5, +5.5]", "+0.0 [-2.5, +2.5]"],
    ]);
  });
});

describe("contenders", () => {
  const kd = { temperature: 4, alpha: 0.9 };

  test("are control and MCMI without rivals", () => {
    const found = contenders(recipes.small, kd);
    expect(found.map(({ name }) => name)).toEqual(["control", "MCMI"]);
    const tuned = found.map(({ teacher }) => teacher.fineTuning);
    const { fineTuning: schedule, lambda } = recipes.small;
    expect(tuned).toEqual([
      { schedule, regularizer: { lambda: 0 } },
      { schedule, regularizer: { lambda } },
    ]);
  });

  test("are also the rivals, the teacher as it was, and no teacher", () => {
    const { light } = recipes;
    const found = Object.fromEntries(contenders(light, kd).map((one) => [one.name, one]));
    expect(Object.keys(found)).toEqual([
      "no teacher",
      "CE",
      "CE, T = 8",
      "CE, epoch 2",
      "label smoothing 0.1",
      "MCMI, fixed Q",
      "control",
      "MCMI",
    ]);
    expect(found["no teacher"]!.kd).toEqual({ temperature: 1, alpha: 0 });
    expect(found.CE).toEqual({ name: "CE", teacher: light.teacher });
    expect(found["CE, T = 8"]!.kd).toEqual({ temperature: 8, alpha: 0.9 });
    expect(found["CE, epoch 2"]!.teacher).toEqual({ ...light.teacher, epoch: 2 });
    expect(found["MCMI, fixed Q"]!.teacher.fineTuning).toEqual({
      schedule: light.fineTuning,
      regularizer: { lambda: light.rivals!.fixedLambda },
      centroids: "fixed",
    });
  });

  test("without a class learn from the teacher alone, or all see labels", () => {
    const alphasOf = (recipe: Recipe) =>
      new Set(zeroShot.plans(recipe).map(({ student }) => student!.kd!.alpha));
    expect(alphasOf(recipes.small)).toEqual(new Set([1]));
    expect(alphasOf(recipes.light)).toEqual(new Set([0, 0.9]));
    const teachers = zeroShot.plans(recipes.small).map(({ teacher }) => JSON.stringify(teacher));
    expect(new Set(teachers).size).toBe(4); // CE, its early stop, control and MCMI
  });

  test("that are rivals are compared where the claims are made", () => {
    const { light } = recipes;
    const rivals = contenders(light, kd).filter(({ isRival }) => isRival);
    const zeroShotPlans = zeroShot.plans(light);
    const fewShotPlans = fewShot.plans(light);
    const crdPlans = fewShotPlans.filter(({ student }) => student!.method === "crd");
    const setPlans = zeroShotPlans.filter(({ student }) => student!.removed.length > 1);
    const teachersOf = (plans: readonly Plan[]) => new Set(plans.map(({ teacher }) => teacher));
    const mains = contenders(light, kd).length - rivals.length;
    expect(crdPlans).toHaveLength(2 * (mains - 1)); // without a teacher, there is no CRD
    expect(fewShotPlans).toHaveLength(4 * mains + rivals.length + crdPlans.length);
    expect(new Set(fewShotPlans.map((plan) => JSON.stringify(plan))).size).toBe(
      fewShotPlans.length,
    );
    expect(setPlans).toHaveLength(5 * mains);
    const notTuned = rivals.filter(({ teacher }) => !teacher.fineTuning);
    expect(notTuned.map(({ name }) => name)).toEqual(["CE, T = 8", "CE, epoch 2"]);
    expect(zeroShotPlans).toHaveLength(10 * (mains + notTuned.length) + setPlans.length);
    for (const { teacher, name } of rivals.filter(({ name }) => !name.includes("T ="))) {
      for (const plans of [crdPlans, setPlans]) {
        expect([...teachersOf(plans)], name).not.toContainEqual(teacher);
      }
    }
  });

  test("an earlier epoch of the teacher is one that is kept", () => {
    for (const { teacher, rivals } of Object.values(recipes)) {
      if (rivals) expect(teacher.kept).toContain(rivals.epoch);
      expect(teacher.kept).toContain(teacher.epoch);
    }
  });
});
