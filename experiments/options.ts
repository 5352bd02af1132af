import { availableParallelism } from "node:os";
import { Argument, Command, Option } from "commander";
import { positive } from "./common/flags.ts";
import { datasetNames } from "./data/load.ts";
import { recipes } from "./recipe.ts";
import { type StudyName, studies } from "./studies/index.ts";

export interface ExperimentOptions {
  name: StudyName;
  backend: string;
  dataset: string;
  out: string;
  resume: boolean;
  /** Without, what fits the data set. */
  scale?: keyof typeof recipes;
  seeds: number;
  workers: number;
}

/** Reads the command line; with an error or --help it prints what is allowed and exits. */
export function readOptions(argv: readonly string[]): ExperimentOptions {
  const command = new Command("npm run experiment --")
    .description(
      "Repeats an experiment of the thesis for some seeds, each in a process of its own, and writes a " +
        "report. Results are kept run by run.",
    )
    .addArgument(new Argument("<name>", "which one").choices(Object.keys(studies)))
    .addOption(
      new Option("--backend <name>", "where to compute")
        .choices(["wasm", "cpu", "webgpu"])
        .default("wasm"),
    )
    .option(
      "--dataset <name>",
      `${datasetNames.join(", ")}, or a folder with MNIST's or CIFAR's files`,
      "mnist",
    )
    .option("--seeds <n>", "repetitions, each with its own split and weights", positive, 5)
    .option("--workers <n>", "seeds at once", positive, availableParallelism())
    .option("--resume", "leave out the runs that the results have", false)
    .addOption(
      new Option(
        "--scale <name>",
        "small for grey images, full for coloured ones by default",
      ).choices(Object.keys(recipes)),
    )
    .option("--out <folder>", "where to keep results, reports and teachers", "experiments-out")
    .showHelpAfterError()
    .allowExcessArguments(false)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  command.parse(argv, { from: "user" });
  return { ...command.opts<Omit<ExperimentOptions, "name">>(), name: command.args[0] as StudyName };
}
