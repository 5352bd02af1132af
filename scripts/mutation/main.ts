// Changes the code in small ways ("mutants") and counts how many of them the tests notice:
// npm run mutation -- cam ops. Without a family, all are run. `--report` prints the results of earlier
// runs without running anything.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Stryker } from "@stryker-mutator/core";
import { Command } from "commander";
import { type Family, families } from "./families.ts";
import { page, type Report, survivors, table } from "./report.ts";

const FOLDER = "mutation-out";

const fileOf = ({ name }: Family) => `${FOLDER}/${name.replace("/", "-")}.json`;

const files = (folder: string, path: string, ending: string) =>
  path.endsWith(".ts")
    ? `${folder}/${path}`
    : path.endsWith("*")
      ? `${folder}/${path}${ending}`
      : `${folder}/${path}/**/*${ending}`;

/**
 * Runs the mutants of a family, with its own tests first and then with the others: most are found by the few
 * own ones. Results of earlier runs whose code and tests are unchanged are kept.
 */
async function mutate(family: Family): Promise<void> {
  const { own, others } = family;
  await mutateWith(family, own);
  if (others.length > 0 && !options.own) await mutateWith(family, [...own, ...others]);
}

async function mutateWith(family: Family, tests: readonly string[]): Promise<void> {
  process.env.MUTATION_BACKENDS = family.backends.join();
  process.env.MUTATION_TESTS = tests.join();
  const stryker = new Stryker({
    testRunner: "vitest",
    plugins: ["@stryker-mutator/vitest-runner"],
    vitest: { configFile: "vitest.mutation.config.ts", related: false },
    mutate: [
      ...family.sources.map((path) => files("src", path, ".ts")),
      ...(family.except ?? []).map((path) => `!src/${path}`),
    ],
    testFiles: tests.map((path) => files("test", path, ".test.ts")),
    ignorePatterns: ["bench", "dist", "docs", "etc", "examples", "experiments", FOLDER],
    coverageAnalysis: "perTest",
    // Mutants of code that runs once, when a module is loaded. The modules are loaded once for all mutants.
    ignoreStatic: true,
    concurrency: 1,
    timeoutMS: 15_000,
    incremental: true,
    incrementalFile: fileOf(family),
    reporters: ["progress-append-only"],
  });
  await stryker.runMutationTest();
}

const program = new Command("npm run mutation --")
  .argument("[family...]", families.map(({ name }) => name).join(", "))
  .option("--report", "only print the results of earlier runs")
  .option("--own", "run only a family's own tests, which is quick and finds less")
  .option("--write", "write the results to docs/mutation.md")
  .option("--survivors", "print the mutants that no test noticed")
  .parse();
const names = program.args.length > 0 ? program.args : families.map(({ name }) => name);
const options = program.opts<{ report?: true; own?: true; write?: true; survivors?: true }>();
const chosen = names.map((name) => {
  const family = families.find((family) => family.name === name);
  const choices = families.map(({ name }) => name).join(", ");
  return family ?? program.error(`family must be ${choices}, got ${name}`);
});

if (!options.report) for (const family of chosen) await mutate(family);
const reports = chosen
  .filter((family) => existsSync(fileOf(family)))
  .map((family) => ({
    name: family.name,
    report: JSON.parse(readFileSync(fileOf(family), "utf8")) as Report,
  }));
if (options.survivors) for (const { report } of reports) console.log(survivors(report));
if (options.write) {
  const missing = families.filter((family) => !existsSync(fileOf(family))).map(({ name }) => name);
  writeFileSync(new URL("../../docs/mutation.md", import.meta.url), page(reports, missing));
}
console.log(table(reports));
