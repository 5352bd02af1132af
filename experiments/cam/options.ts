import { Command, Option } from "commander";
import { backendOption, classes, notNegative, parseOrExit, positive } from "../common/flags.ts";
import { type DatasetName, loaders } from "../data/load.ts";
import { CAM_METHODS, type CamMethod } from "../pipeline/class-maps.ts";

export interface CamOptions {
  backend: string;
  classes: number[];
  dataset: DatasetName;
  epochs: number;
  images: number;
  lambda: number;
  method: CamMethod;
  out: string;
  reuse: boolean;
  seeds: number;
  testImages: number;
}

/** Reads the command line. After an error or `--help`, prints the help and exits. */
export function readOptions(argv: readonly string[]): CamOptions {
  const command = new Command("npm run cam --")
    .description(
      "Trains a convolutional teacher, fine-tunes it with and without CMI at the same budget, and " +
        "compares the class-activation maps of both.",
    )
    .addOption(backendOption())
    .addOption(
      new Option("--dataset <name>", "images").choices(Object.keys(loaders)).default("mnist"),
    )
    .option("--seeds <n>", "repetitions, each with its own split and weights", positive, 4)
    .option("--classes <list>", "classes whose maps are shown, such as 3,4,7", classes, [3, 4, 7])
    .addOption(new Option("--method <name>", "CAM method").choices(CAM_METHODS).default("eigen"))
    .option("--lambda <x>", "weight of the CMI in the MCMI teacher's loss", notNegative, 0.25)
    .option("--images <n>", "training images", positive, 6000)
    .option("--test-images <n>", "images that are mapped, at most 10000", positive, 5000)
    .option("--epochs <n>", "epochs before the fine-tuning, which has half as many", positive, 12)
    .option("--reuse", "load the teachers that an earlier run left in the folder", false)
    .option("--out <folder>", "where to write report.html, pictures and teachers", "cam-out");
  return parseOrExit(command, argv).opts<CamOptions>();
}
