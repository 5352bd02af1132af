import { Command, InvalidArgumentError, Option } from "commander";
import fc from "fast-check";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import { type Backend, backends } from "../backends.ts";
import type { Subject } from "./case.ts";
import { knownFaultOf } from "./known-faults.ts";
import { casesPerRegime, runRegime } from "./run.ts";
import { subjects } from "./subjects.ts";

interface Options {
  cases: number;
  seed: number;
  backend: string[];
  loss?: string[];
  regime?: string;
  path?: string;
  table?: true;
}

const integer = (text: string) => {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError(`Expected an integer, got ${text}.`);
};

const nodeBackends = backends.filter(({ host }) => host === "node");

const options = new Command("fuzz")
  .description("Compares every loss with its float64 formula on random inputs.")
  .option("--cases <number>", "cases per loss, over all regimes", integer, 10_000)
  .option("--seed <number>", "seed of the cases; random by default", integer)
  .addOption(
    new Option("--backend <names...>", "backends to run on")
      .choices(nodeBackends.map(({ name }) => name))
      .default(["cpu", "wasm"]),
  )
  .addOption(
    new Option("--loss <names...>", "losses to run; all by default").choices(
      subjects.map(({ name }) => name),
    ),
  )
  .option("--regime <name>", "the only regime to run")
  .option("--path <path>", "repeats the single case that a failure names, with its seed")
  .option("--table", "prints the largest errors in the ordinary regime as Markdown")
  .parse()
  .opts<Options>();

const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
const { path } = options;
const chosenBackends = nodeBackends.filter(({ name }) => options.backend.includes(name));
const chosen = subjects.filter(({ name }) => options.loss?.includes(name) ?? true);
const regimesOf = (subject: Subject) =>
  Object.keys(subject.regimes).filter((regime) => regime === (options.regime ?? regime));

if (options.table) {
  await printTable();
} else {
  console.log(`seed ${seed}, ${options.cases} cases per loss`);
  const results = await onEachBackend((subject, backend) =>
    regimesOf(subject).map((regime) => isAsKnown(subject, regime, backend)),
  );
  if (results.flat().includes(false)) process.exitCode = 1;
}

/** Calls a function for every loss on every backend. */
async function onEachBackend<T>(run: (subject: Subject, backend: Backend) => T): Promise<T[]> {
  const results: T[] = [];
  for (const backend of chosenBackends) {
    await startNodeBackend(backend.name);
    results.push(...chosen.map((subject) => run(subject, backend)));
  }
  return results;
}

/** Runs a regime and prints the result; true if it passes, or fails as a known fault. */
function isAsKnown(subject: Subject, regime: string, { name, tolerance }: Backend): boolean {
  const known = knownFaultOf(subject.name, regime, name);
  const cases = casesPerRegime(subject, options.cases);
  const { details } = runRegime(subject, regime, { cases, tolerance, seed, path }, Boolean(known));
  const print = (result: string) => console.log(`${name} ${subject.name}, ${regime}: ${result}`);
  if (known && details.failed) print(`known fault: ${known.fault}`);
  else if (known) print(`no longer fails, remove its entry from the known faults: ${known.fault}`);
  else print(fc.defaultReportMessage(details) ?? "passed");
  return details.failed === Boolean(known);
}

/** Prints the largest relative errors of each loss: of the value, and of the gradient. */
async function printTable(): Promise<void> {
  const results = await onEachBackend((subject, { name, tolerance }) => {
    const { errors } = runRegime(
      subject,
      "ordinary",
      { cases: options.cases, tolerance, seed },
      true,
    );
    return { loss: subject.name, backend: name, errors };
  });
  const columns = chosenBackends.flatMap(({ name }) => [`${name}, value`, `${name}, gradient`]);
  console.log(`| loss | ${columns.join(" | ")} |`);
  console.log(`| --- |${" ---: |".repeat(columns.length)}`);
  for (const { name } of chosen) {
    const errors = results.filter(({ loss }) => loss === name).map((result) => result.errors);
    const cells = errors.flatMap(({ value, gradient }) => [value, gradient]);
    console.log(`| \`${name}\` | ${cells.map((x) => x.toExponential(0)).join(" | ")} |`);
  }
}
