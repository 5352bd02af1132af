import { availableParallelism } from "node:os";
import { Argument, Command, Option } from "commander";
import { backendOption, parseOrExit, positive } from "./common/flags.ts";
import { datasetNames } from "./data/load.ts";
import { recipes } from "./recipe.ts";
import { type StudyName, studies } from "./studies/index.ts";

export interface ExperimentOptions {
  name: StudyName;
  backend: string;
  dataset: string;
  out: string;
  resume: boolean;
  /** By default, the scale that fits the data set. */
  scale?: keyof typeof recipes;
  seeds: number;
  firstSeed: number;
  workers: number;
}

/** Reads the command line. After an error or `--help`, prints the help and exits. */
export function readOptions(argv: readonly string[]): ExperimentOptions {
  const command = new Command("npm run experiment --")
    .description(
      "Repeats an experiment of the thesis for some seeds, each in its own process, and writes a " +
        "report. The result of each run is kept.",
    )
    .addArgument(new Argument("<name>", "the experiment").choices(Object.keys(studies)))
    .addOption(backendOption())
    .option(
      "--dataset <name>",
      `${datasetNames.join(", ")}, or a folder with the files of MNIST or CIFAR`,
      "mnist",
    )
    .option("--seeds <n>", "repetitions, each with its own split and weights", positive, 5)
    .option(
      "--first-seed <n>",
      "the seeds count from here, for choices that need others",
      positive,
      1,
    )
    .option("--workers <n>", "seeds at once", positive, availableParallelism())
    .option("--resume", "skip the runs that are already in the results", false)
    .addOption(
      new Option(
        "--scale <name>",
        "by default small for grey images and light for coloured ones; saturated has teachers that are sure of few images; full needs a GPU",
      ).choices(Object.keys(recipes)),
    )
    .option("--out <folder>", "where to keep results, reports and teachers", "experiments-out");
  const { args } = parseOrExit(command, argv);
  return { ...command.opts<Omit<ExperimentOptions, "name">>(), name: args[0] as StudyName };
}
