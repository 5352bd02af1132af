import { Command, Option } from "commander";
import { classes, notNegative, parseOrExit, positive } from "../common/flags.ts";
import { type DatasetName, loaders } from "../data/load.ts";
import { type Recipe, recipes } from "./recipe.ts";

export const BACKENDS = ["wasm", "cpu", "webgpu", "webgl"] as const;
export type BackendName = (typeof BACKENDS)[number];

export interface DemoOptions {
  backend: BackendName;
  dataset: DatasetName;
  out: string;
  seeds: number;
  recipe: Recipe;
}

interface Flags {
  backend: BackendName;
  dataset: DatasetName;
  epochs?: number;
  evaluate: "test" | "validation";
  lambda?: number;
  out: string;
  quick?: true;
  remove?: number[];
  seeds: number;
}

/** Reads the command line. After an error or `--help`, prints the help and exits. */
export function readOptions(argv: readonly string[]): DemoOptions {
  const command = new Command("npm run demo --")
    .description(
      "Trains a teacher with cross-entropy, fine-tunes it with and without CMI at the same budget, " +
        "distils all three into the same student, and writes a report.",
    )
    .addOption(
      new Option("--backend <name>", "where to compute; webgl runs in headless Chromium")
        .choices(BACKENDS)
        .default("wasm"),
    )
    .addOption(
      new Option("--dataset <name>", "images").choices(Object.keys(loaders)).default("mnist"),
    )
    .option("--seeds <n>", "repetitions, each with its own split and weights", positive, 2)
    .option("--lambda <x>", "weight of the CMI in the MCMI teacher's loss", notNegative)
    .option("--epochs <n>", "epochs of the teacher's training before it is fine-tuned", positive)
    .option(
      "--remove <classes>",
      "classes removed from the zero-shot students' images, such as 3,4",
      classes,
    )
    .addOption(
      new Option("--evaluate <images>", "images on which accuracies are measured")
        .choices(["test", "validation"])
        .default("test"),
    )
    .option("--quick", "fewer images and epochs, in under a minute")
    .option("--out <folder>", "where to write report.html and results.json", "demo-out");
  const flags = parseOrExit(command, argv).opts<Flags>();
  const recipe = recipes[flags.quick ? "quick" : "full"];
  return {
    backend: flags.backend,
    dataset: flags.dataset,
    out: flags.out,
    seeds: flags.seeds,
    recipe: {
      ...recipe,
      evaluate: flags.evaluate,
      lambda: flags.lambda ?? recipe.lambda,
      removed: flags.remove ?? recipe.removed,
      teacher: { ...recipe.teacher, epochs: flags.epochs ?? recipe.teacher.epochs },
    },
  };
}
