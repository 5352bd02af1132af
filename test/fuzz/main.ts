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
}

const integer = (text: string) => {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError(`Expected an integer, got ${text}.`);
};

const nodeBackends = backends.filter(({ isSoftwareGpu }) => !isSoftwareGpu);

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
  .parse()
  .opts<Options>();

const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
const { path } = options;
const chosenBackends = nodeBackends.filter(({ name }) => options.backend.includes(name));
const chosen = subjects.filter(({ name }) => options.loss?.includes(name) ?? true);
const regimesOf = (subject: Subject) =>
  Object.keys(subject.regimes).filter((regime) => regime === (options.regime ?? regime));

console.log(`seed ${seed}, ${options.cases} cases per loss`);
for (const backend of chosenBackends) {
  await startNodeBackend(backend.name);
  const results = chosen.flatMap((subject) =>
    regimesOf(subject).map((regime) => isAsKnown(subject, regime, backend)),
  );
  if (results.includes(false)) process.exitCode = 1;
}

/** Runs a regime and prints the result; true if it passes, or fails as a known fault. */
function isAsKnown(subject: Subject, regime: string, { name, tolerance }: Backend): boolean {
  const known = knownFaultOf(subject.name, regime, name);
  const cases = casesPerRegime(subject, options.cases);
  const details = runRegime(subject, regime, { cases, tolerance, seed, path }, Boolean(known));
  const print = (result: string) => console.log(`${name} ${subject.name}, ${regime}: ${result}`);
  if (known && details.failed) print(`known fault: ${known.fault}`);
  else if (known) print(`no longer fails, remove its entry from the known faults: ${known.fault}`);
  else print(fc.defaultReportMessage(details) ?? "passed");
  return details.failed === Boolean(known);
}
