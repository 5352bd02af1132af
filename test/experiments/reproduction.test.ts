import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { stepsOf } from "../../experiments/pipeline/trainings.ts";
import { recipes } from "../../experiments/recipe.ts";
import { writeReproduction } from "../../experiments/report/reproduction.ts";
import { studies } from "../../experiments/studies/index.ts";
import { remove, root, temporaryFolder } from "../package/support.ts";

const work = temporaryFolder();
afterAll(() => remove(work));

const docs = (...parts: string[]) => join(root, "docs", ...parts);
const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .sort();

test("docs/reproduction.md is what npm run reproduction writes from the committed results", async () => {
  await writeReproduction(docs("results"), join(work, "reproduction.md"));
  const page = readFileSync(join(work, "reproduction.md"), "utf8");
  expect(page).toContain("### A class that the student never saw");
  expect(readFileSync(docs("reproduction.md"), "utf8")).toBe(page);

  const [written, committed] = [join(work, "images"), docs("images")].map((folder) =>
    filesBelow(join(folder, "reproduction")),
  );
  expect(written).toEqual(committed);
  for (const path of written!) {
    const [now, then] = [join(work, "images"), docs("images")].map((folder) =>
      readFileSync(join(folder, "reproduction", path), "utf8"),
    );
    expect(now, path).toBe(then);
    expect(page).toContain(`(images/reproduction${path})`);
  }
});

describe("incomplete results", () => {
  const folder = join(work, "results");
  const file = join(folder, "mnist", "zero-shot.jsonl");
  const write = () => writeReproduction(folder, join(work, "bad.md"));

  test("are rejected, naming the file", async () => {
    mkdirSync(join(folder, "mnist"), { recursive: true });
    const [first, ...rest] = readFileSync(docs("results/mnist/zero-shot.jsonl"), "utf8").split(
      "\n",
    );
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
