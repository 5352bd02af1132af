import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mean } from "d3-array";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatInterval } from "../../experiments/common/statistics.ts";
import { gather } from "../../experiments/outcomes.ts";
import { stepsOf } from "../../experiments/pipeline/trainings.ts";
import { pairOf, type Recipe, recipes } from "../../experiments/recipe.ts";
import { findingsIn, partsOf, writeReproduction } from "../../experiments/report/reproduction.ts";
import { findingsOf, verdictOf } from "../../experiments/report/summary.ts";
import { readResults } from "../../experiments/results.ts";
import { studies } from "../../experiments/studies/index.ts";
import { TRAINS_WITHIN } from "../../experiments/studies/table.ts";
import { reproductionPages } from "../../scripts/docs/evidence.ts";
import { remove, root, temporaryFolder } from "../package/support.ts";

const work = temporaryFolder();
afterAll(() => remove(work));

const docs = (...parts: string[]) => join(root, "docs", ...parts);
const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .sort();
const read = (path: string) => readFileSync(path, "utf8");

test("docs/reproduction has what npm run reproduction writes from the committed results", async () => {
  await writeReproduction(docs("results"), join(work, "reproduction.md"));
  const pages = ["/reproduction.md", ...filesBelow(join(work, "reproduction")).map(inPages)];
  expect(pages).toEqual([
    "/reproduction.md",
    "/reproduction/cifar10.md",
    "/reproduction/fashion-mnist.md",
    "/reproduction/mnist.md",
    "/reproduction/protocol.md",
  ]);
  expect(filesBelow(docs("reproduction")).map(inPages)).toEqual(pages.slice(1));
  for (const page of pages) expect(read(docs(page)), page).toBe(read(join(work, page)));

  const [written, committed] = [join(work, "images"), docs("images")].map((folder) =>
    filesBelow(join(folder, "reproduction")),
  );
  expect(written).toEqual(committed);
  const text = pages.map((page) => read(docs(page))).join("\n");
  for (const path of written!) {
    const [now, then] = [join(work, "images"), docs("images")].map((folder) =>
      read(join(folder, "reproduction", path)),
    );
    expect(now, path).toBe(then);
    expect(text).toContain(`images/reproduction${path})`);
  }
});

const inPages = (path: string) => `/reproduction${path}`;

test("every table of a data set has its settings, and every few-shot chart its steps", () => {
  for (const name of ["mnist", "fashion-mnist", "cifar10"]) {
    const page = read(docs("reproduction", `${name}.md`));
    const tables = page.match(/(?<!\|)\n\| /g)!;
    const captions = page.match(
      /^Settings: (λ (with fixed Q )?= |no fine-tuning).*Teachers: .* steps\..*\n\n\| /gm,
    )!;
    expect(captions).toHaveLength(tables.length);
    const charts = [...page.matchAll(/!\[(.*)\]\((.*)\)/g)];
    const few = charts.filter(([, , path]) => /few-|table|\/crd/.test(path!));
    expect(few.length).toBeGreaterThan(7);
    for (const [, , path] of few) {
      if (/teacher-/.test(path!)) continue;
      expect(read(docs("reproduction", path!)), path).toMatch(/[\d,]+ steps/);
    }
  }
});

test("the pages of the site link to each other and to the pictures", () => {
  const pages = reproductionPages(read(docs("reproduction.md")), (name) => read(docs(name)));
  expect(pages.map(({ path }) => path)).toEqual([
    "/evidence/",
    "/evidence/mnist",
    "/evidence/fashion-mnist",
    "/evidence/cifar10",
    "/evidence/protocol",
  ]);
  const links = pages.flatMap(({ text }) => [...text.matchAll(/\]\(([^)]+)\)/g)].map((m) => m[1]!));
  const kinds = [/^\.\.\/\.\.\/images\//, /^\.\/[\w-]+\.md(#|$)/, /^protocol\.md$/];
  expect(links.filter((link) => !kinds.some((kind) => kind.test(link)))).toEqual([]);
});

describe("what summary and README say of the results", () => {
  let parts: ReturnType<typeof findingsIn>[];
  let findings: ReturnType<typeof findingsOf>;
  beforeAll(async () => {
    parts = (await partsOf(docs("results"))).map(findingsIn);
    findings = findingsOf(parts);
  });
  const gainsOf = (baseline: string, what: string) => {
    const found = findings.find(
      ({ effect }) => effect.baseline === baseline && effect.what.startsWith(what),
    )!;
    return ["MNIST", "Fashion-MNIST"].map((name) => found.gains.get(name)!);
  };
  const words = (baseline: string, what: string) =>
    gainsOf(baseline, what).map(({ gain }) => verdictOf(gain));
  const readme = read(join(root, "README.md")).replaceAll("−", "-").replaceAll(/\s+/g, " ");
  const evidence = readme.slice(readme.indexOf("## Evidence"), readme.indexOf("## Backends"));

  test("the headings of the summary hold", () => {
    const both = (word: string) => [word, word];
    const counts = parts.slice(0, 2).flatMap(({ effects }) => effects.map(({ seeds }) => seeds));
    expect(new Set(counts)).toEqual(new Set([5]));
    expect(words("control", "kd, each class")).toEqual(both("higher"));
    expect(words("CE", "kd, each class")).toEqual(both("higher"));
    expect(words("control", "kd, 1 %")).toEqual(both("higher"));
    expect(words("control", "kd, 5 %")).toEqual(both("higher"));
    expect(words("control", "teacher of kd")).toEqual(both("lower"));
    expect(words("control", "crd, 1 %")).toEqual(both("not significant"));
    expect(words("control", "crd, 5 %")).toEqual(both("not significant"));
    for (const what of ["kd, one class", "kd, 5 %"]) {
      expect(words("CE", what)).toEqual(["higher", "not significant"]);
    }
    expect(words("control", "mean of")).toEqual(["higher", "not significant"]);
    expect(words("control", "divergence")).toEqual(["higher", "lower"]);
    expect(words("control", "coverage")).toEqual(["higher", "not significant"]);
    expect(words("CE", "divergence")).toEqual(["higher", "not significant"]);
    expect(words("CE", "coverage")).toEqual(["higher", "not significant"]);
    expect(words("label smoothing", "kd, 5 %")).toEqual(both("lower"));
    expect(words("CE, stopped early", "kd, one class")).toEqual(both("lower"));
    expect(words("CE, stopped early", "teacher of kd, one")).toEqual(both("higher"));
    expect(words("temperature", "kd, one class")).toEqual(["lower", "not significant"]);
    const constant = (share: string) => `constant steps, kd, ${share}`;
    expect(words("control", constant("1 %"))).toEqual(["not significant", "higher"]);
    expect(words("control", constant("5 %"))).toEqual(["higher", "not significant"]);
    expect(words("no teacher", "mean of")).toEqual(["not significant", "lower"]);
    expect(words("CE, epoch 4", "kd, each class")).toEqual(both("lower"));
    expect(words("CE, T = 8", "kd, each class")).toEqual(["lower", "not significant"]);
    for (const rival of ["label smoothing 0.1", "CE, T = 8"]) {
      expect(words(rival, constant("5 %"))).toEqual(["lower", "not significant"]);
    }
  });

  test("no gain of students was measured on CIFAR-10, and maps are as the thesis claims over the control alone", () => {
    const { effects, early } = parts.find(({ dataset }) => dataset === "CIFAR-10")!;
    const over = [...effects, ...early].filter(({ baseline }) => /^(CE|control)$/.test(baseline));
    const verdictsOf = (scales: RegExp) =>
      over
        .filter(({ scale }) => scales.test(scale))
        .map(({ baseline, gain }) => ({ baseline, verdict: verdictOf(gain) }));
    const students = verdictsOf(/^(student|removed|teacher)$/).map(({ verdict }) => verdict);
    expect(students.length).toBeGreaterThan(10);
    expect(students).not.toContain("higher");
    expect(verdictsOf(/^coverage$/)).toEqual([
      { baseline: "control", verdict: "higher" },
      { baseline: "CE", verdict: "lower" },
    ]);
    expect(verdictsOf(/^divergence$/)).toEqual([
      { baseline: "control", verdict: "lower" },
      { baseline: "CE", verdict: "higher" },
    ]);
    expect(read(docs("reproduction.md"))).not.toContain("not measured");
  });

  test("README has the gains", () => {
    const texts = (baseline: string, what: string) =>
      gainsOf(baseline, what).map(({ gain, digits }) => formatInterval(gain, digits));
    const [mnist, fashion] = texts("control", "kd, each class");
    expect(evidence).toContain(`never saw: ${mnist} on MNIST, ${fashion} on Fashion-MNIST.`);
    const pair = (baseline: string, what: string) => texts(baseline, what).join(" and ");
    const [few] = gainsOf("control", "kd, 1 %");
    const steps = / ([\d,]+ steps)$/;
    expect(evidence).toContain(
      `with 1 % of the images (${steps.exec(few!.what)![1]}): ${pair("control", "kd, 1 %")}.`,
    );
    expect(evidence).toContain(`each class removed ${pair("CE", "kd, each class")}`);
    const [over] = gainsOf("CE", "kd, 5 %");
    expect(evidence).toContain(
      `5 % of the images (${steps.exec(over!.what)![1]}) ${pair("CE", "kd, 5 %")}.`,
    );
    expect(evidence).toContain(`The teacher itself: ${pair("control", "teacher of kd")}.`);
    const onCifar = (what: string) => {
      const { gain, digits } = parts
        .find(({ dataset }) => dataset === "CIFAR-10")!
        .effects.find((one) => one.baseline === "control" && one.what.startsWith(what))!;
      return formatInterval(gain, digits);
    };
    expect(evidence).toContain(
      `a class never seen ${onCifar("kd, each class")}, 5 % of the images ${onCifar("kd, 5 %")}.`,
    );
  });

  test("README has the limits of the gain", () => {
    expect(readme).toContain(
      "With 25 % or more of the images of Fashion-MNIST, the gain with `kdLoss` is not",
    );
    expect(words("control", "kd, 25 %")[1]).toBe("not significant");
    expect(words("control", "kd, 50 %")[1]).toBe("not significant");
    const shares = recipes.small.fewShot.shares.map(({ share }) => share);
    expect(shares.filter((share) => share >= 0.25)).toEqual([0.25, 0.5]);
  });

  test("README has no other intervals", () => {
    const known = findings.flatMap(({ gains }) =>
      [...gains.values()].map(({ gain, digits }) => formatInterval(gain, digits)),
    );
    const given = evidence.match(/[+-][\d.]+ \[[^\]]+\]/g)!;
    expect(given).toHaveLength(12);
    expect(given.filter((text) => !known.includes(text))).toEqual([]);
  });

  test("README has the counts of methods and the shares of recognised digits", () => {
    const [, steps] = /5 % of the images, (.*)$/.exec(gainsOf("control", "mean of 19")[0]!.what)!;
    const [mnist, fashion] = ["mnist", "fashion-mnist"].map((name) => {
      const page = read(docs("reproduction", `${name}.md`));
      return {
        higher: Number(/higher mean for (\d+) of 19/.exec(page)![1]),
        overNone: Number(/without a teacher, .* by (\d+) of 19 methods/.exec(page)![1]),
        worse: /significantly worse \(p \\< 0\.05\) for ([\w, -]+?) \|/.exec(page)![1]!.split(", "),
        means:
          /^\| mean of the single classes .*\| ([\d.]+) ± [\d.]+ \| ([\d.]+) ± [\d.]+ \|$/m.exec(
            page,
          )!,
      };
    });
    expect(mnist!.worse).toEqual(["none"]);
    expect(evidence).toContain(
      `Nineteen methods with 5 % of the images (${steps}): higher for ${mnist!.higher}, significantly worse for none; ` +
        `on Fashion-MNIST higher for ${fashion!.higher}, significantly worse for ${fashion!.worse.length}.`,
    );
    expect(evidence).toContain(
      `A student without a teacher is better than ${19 - mnist!.overNone} and ${19 - fashion!.overNone} of them.`,
    );
    const [control, MCMI] = mnist!.means.slice(1).map((text) => Math.round(Number(text)));
    expect(readme).toContain(`never saw in ${MCMI} % of the cases, and students of equally`);
    expect(readme).toContain(`trained teachers in ${control} %.`);
  });
});

test("smaller weights were tried where the usual one is out of scale, and the best one was chosen", () => {
  const { factors } = recipes.light.maps.weights!;
  const lines = readResults(docs("results/cifar10/weights.jsonl"));
  const found = lines.map(({ seed, plan: { student }, outcome }) => ({
    seed,
    method: student!.kd?.alpha === 0 ? "no teacher" : student!.method,
    strength: student!.strength ?? 1,
    accuracy: outcome.student!.accuracy.validation,
  }));
  const accuracyOf = (name: string, factor: number) =>
    found.find(({ method, strength }) => method === name && strength === factor)!.accuracy;
  expect(new Set(found.map(({ seed }) => seed))).toEqual(new Set([101])); // of no other result
  const outOfScale = found.filter(
    ({ strength, accuracy }) =>
      strength === 1 && accuracy < accuracyOf("no teacher", 1) - 0.01 * TRAINS_WITHIN,
  );
  expect(Object.keys(factors).sort()).toEqual(outOfScale.map(({ method }) => method).sort());
  for (const [method, { tried, chosen }] of Object.entries(factors)) {
    const best = Math.max(...tried.map((factor) => accuracyOf(method, factor)));
    expect(accuracyOf(method, chosen), method).toBe(best);
  }
});

describe("what the protocol says of CIFAR-10", () => {
  const outcomesOf = (
    name: "few-shot" | "zero-shot" | "lambda" | "regularizers" | "steps",
    recipe: Recipe,
    seeds: number[],
  ) => {
    const results = readResults(docs(`results/cifar10/${name}.jsonl`));
    const plans = studies[name].plans(recipe);
    const found = gather(results, plans, { dataset: "CIFAR-10", backend: "wasm", seeds });
    expect(found.seeds).toEqual(seeds);
    return plans.flatMap((plan) => found.all(plan).map((outcome) => ({ plan, ...outcome })));
  };

  test("sure teachers: only λ = 0.5 raises the CMI, and no student recognises the removed class", () => {
    const found = outcomesOf("lambda", recipes.saturated, [101]);
    const teacherOf = (lambda: number, centroids?: "fixed") =>
      found.find(({ plan: { teacher } }) => {
        const { regularizer, centroids: kept } = teacher.fineTuning!;
        return regularizer.lambda === lambda && kept === centroids;
      })!.teacher;
    const control = teacherOf(0);
    const most = teacherOf(recipes.saturated.lambda);
    expect(most.cmi / control.cmi).toBeCloseTo(6, 0);
    expect(100 * (control.accuracy.test - most.accuracy.test)).toBeCloseTo(5, 0);
    for (const other of [teacherOf(0.25), teacherOf(0.15, "fixed"), teacherOf(0.25, "fixed")]) {
      expect(other.cmi).toBeLessThan(control.cmi);
    }
    for (const { plan, student } of found) {
      for (const c of plan.student!.removed) expect(student!.perClass.test[c]).toBeLessThan(0.01);
    }
  });

  let sweep: ReturnType<typeof outcomesOf>;
  beforeAll(() => {
    sweep = outcomesOf("lambda", recipes.light, [2, 3, 101]);
  });
  const teachersAt = (lambda: number, centroids?: "fixed") =>
    sweep
      .filter(({ plan }) => plan.teacher.fineTuning!.regularizer.lambda === lambda)
      .filter(({ plan }) => plan.teacher.fineTuning!.centroids === centroids)
      .map(({ teacher }) => teacher);
  const accuracyOf = ({ accuracy }: { accuracy: { test: number } }) => 100 * accuracy.test;

  test("λ = 0.5 is the largest of the sweep that keeps the teacher, with seed 101 among three", () => {
    const accuracyAt = (lambda: number) => mean(teachersAt(lambda), accuracyOf)!;
    const kept = recipes.light.lambdas.filter((one) => accuracyAt(0) - accuracyAt(one) < 1);
    expect(Math.max(...kept)).toBe(recipes.light.lambda);
    expect(Math.max(...recipes.light.lambdas)).toBeGreaterThan(recipes.light.lambda);
  });

  test("fixed Q keeps the teacher up to λ = 0.35, with less CMI than the recipe's λ", () => {
    const { fixedLambdas, lambda } = recipes.light;
    expect(fixedLambdas).toEqual([0, 0.15, 0.25, 0.35]);
    const cmiOf = mean(teachersAt(lambda), ({ cmi }) => cmi)!;
    for (const fixed of fixedLambdas.slice(1)) {
      const teachers = teachersAt(fixed, "fixed");
      expect(mean(teachersAt(0), accuracyOf)! - mean(teachers, accuracyOf)!).toBeLessThan(1);
      expect(mean(teachers, ({ cmi }) => cmi)!).toBeLessThan(cmiOf);
    }
  });

  test.each(["mnist", "fashion-mnist"])(
    "fixed Q destroys the teachers of %s at λ = 0.4",
    (name) => {
      const found = readResults(docs("results", name, "lambda.jsonl")).filter(
        ({ plan: { teacher } }) =>
          teacher.fineTuning!.centroids === "fixed" &&
          teacher.fineTuning!.regularizer.lambda === 0.4,
      );
      expect(found).toHaveLength(10); // five seeds, two students each
      expect(mean(found, ({ outcome }) => outcome.teacher.accuracy.test)).toBeLessThan(0.12);
    },
  );

  test("students with few images or without a class have five seeds", () => {
    for (const name of ["few-shot", "zero-shot"] as const) {
      expect(outcomesOf(name, recipes.light, [1, 2, 3, 4, 5])).not.toEqual([]);
    }
  });

  test("a quarter of the images is three to five points better than 1 %", () => {
    const found = outcomesOf("few-shot", recipes.light, [1, 2, 3, 4, 5]);
    const teachers = [recipes.light.teacher, ...Object.values(pairOf(recipes.light))];
    for (const teacher of teachers.map((plan) => JSON.stringify(plan))) {
      const [few, more] = [0.01, 0.25].map(
        (share) =>
          mean(
            found
              .filter(({ plan }) => JSON.stringify(plan.teacher) === teacher)
              .filter(
                ({ plan: { student } }) => student!.kd?.alpha === recipes.light.fewShot.kd.alpha,
              )
              .filter(({ plan: { student } }) => student!.share === share)
              .map(({ student }) => 100 * student!.accuracy.test),
          )!,
      );
      expect(more! - few!).toBeGreaterThan(3);
      expect(more! - few!).toBeLessThan(5);
    }
  });

  test("all runs of a seed take about eight hours", () => {
    const folder = docs("results/cifar10");
    const results = readdirSync(folder).flatMap((name) => readResults(join(folder, name)));
    for (const seed of [2, 3]) {
      const runs = results.filter((result) => result.seed === seed);
      const seconds = new Map(runs.map(({ plan, seconds }) => [JSON.stringify(plan), seconds]));
      const hours = [...seconds.values()].reduce((a, b) => a + b) / 3600;
      expect(Math.round(hours), `seed ${seed}`).toBe(8);
    }
  });

  test("other ways to a softer teacher have three seeds, and the recipe's λ among MCMI's settings", () => {
    expect(outcomesOf("regularizers", recipes.light, [1, 2, 3])).not.toEqual([]);
    expect(recipes.light.regularizers.lambda).toContain(recipes.light.lambda);
  });

  test("longer students are far more accurate, and recognise the removed class a little more often", () => {
    const found = outcomesOf("steps", recipes.light, [1, 2, 3]);
    const meansOf = (name: "CE" | "control" | "MCMI", removed: number[]) => {
      const { teacher } = recipes.light;
      const plan = JSON.stringify({ CE: teacher, ...pairOf(recipes.light) }[name]);
      return recipes.light.lengths.map(
        (factor) =>
          mean(
            found
              .filter((one) => JSON.stringify(one.plan.teacher) === plan)
              .filter(({ plan: { student } }) => student!.schedule.epochs === factor)
              .filter(({ plan: { student } }) => student!.removed.length === removed.length)
              .map(({ student }) =>
                removed.length > 0 ? student!.perClass.test[removed[0]!]! : student!.accuracy.test,
              ),
          )!,
      );
    };
    for (const name of ["CE", "control", "MCMI"] as const) {
      const [short, long] = meansOf(name, []);
      expect(long! - short!, name).toBeGreaterThan(0.1);
      const [seldom, more] = meansOf(name, [3]);
      expect(more! - seldom!, name).toBeGreaterThan(0.01);
      expect(more!, name).toBeLessThan(0.1);
    }
  });
});

describe("incomplete results", () => {
  const folder = join(work, "results");
  const file = join(folder, "mnist", "zero-shot.jsonl");
  const write = () => writeReproduction(folder, join(work, "bad.md"));

  test("are rejected, naming the file", async () => {
    mkdirSync(join(folder, "mnist"), { recursive: true });
    const [first, ...rest] = read(docs("results/mnist/zero-shot.jsonl")).split("\n");
    writeFileSync(file, `${first}\n${rest[0]!.slice(0, 100)}`);
    await expect(write()).rejects.toThrow(/results file .*zero-shot\.jsonl, line 2 is not JSON/);
    writeFileSync(file, `${first}\n`);
    await expect(write()).rejects.toThrow(
      /zero-shot\.jsonl has no seed with all runs of zero-shot/,
    );
  });
});

test("stepsOf counts each teacher once, and each student", () => {
  const [control, mcmi] = studies["zero-shot"]
    .plans({ ...recipes.tiny, zeroShot: { ...recipes.tiny.zeroShot, removed: [[3]] } })
    .slice(-2);
  const teacher = 4 * Math.ceil(200 / 64);
  const fineTuning = 2;
  const student = 2 * Math.ceil(100 / 64);
  expect(stepsOf([control!])).toBe(teacher + fineTuning + student);
  expect(stepsOf([control!, mcmi!])).toBe(teacher + 2 * fineTuning + 2 * student);
});
