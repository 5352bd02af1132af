import { Command, Option } from "commander";
import { classes, notNegative, positive } from "../common/flags.ts";
import { METHODS, type Method } from "../common/maps.ts";
import { type DatasetName, loaders } from "../data/load.ts";

export interface CamOptions {
  backend: string;
  classes: number[];
  dataset: DatasetName;
  epochs: number;
  images: number;
  lambda: number;
  method: Method;
  out: string;
  reuse: boolean;
  seeds: number;
  testImages: number;
}

/** Reads the command line; with an error or --help it prints what is allowed and exits. */
export function readOptions(argv: readonly string[]): CamOptions {
  const command = new Command("npm run cam --")
    .description(
      "Trains a convolutional teacher, fine-tunes it with and without CMI at the same budget, and " +
        "sets the class-activation maps of both side by side.",
    )
    .addOption(
      new Option("--backend <name>", "where to compute")
        .choices(["wasm", "cpu", "webgpu"])
        .default("wasm"),
    )
    .addOption(
      new Option("--dataset <name>", "images").choices(Object.keys(loaders)).default("mnist"),
    )
    .option("--seeds <n>", "repetitions, each with its own split and weights", positive, 4)
    .option("--classes <list>", "classes whose maps are shown, as 3,4,7", classes, [3, 4, 7])
    .addOption(new Option("--method <name>", "of the maps").choices(METHODS).default("eigen"))
    .option("--lambda <x>", "weight of the CMI in the MCMI teacher's loss", notNegative, 0.25)
    .option("--images <n>", "training images", positive, 6000)
    .option("--test-images <n>", "images that are mapped, at most 10000", positive, 5000)
    .option("--epochs <n>", "epochs before the fine-tuning, which takes half as many", positive, 12)
    .option("--reuse", "take the teachers that an earlier run left in the folder", false)
    .option("--out <folder>", "where to write report.html, pictures and teachers", "cam-out")
    .showHelpAfterError()
    .allowExcessArguments(false)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  return command.parse(argv, { from: "user" }).opts<CamOptions>();
}
