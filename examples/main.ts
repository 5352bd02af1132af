/** Entry of `npm run examples`. */
import { readdirSync, readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { Argument, Command } from "commander";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { backendOption, parseOrExit } from "../experiments/common/flags.ts";
import { installChromium } from "../scripts/chromium.ts";
import { startNodeBackend } from "../scripts/node-backends.ts";

const pathOf = new Map(
  ["losses", "fit"].flatMap((folder) =>
    readdirSync(new URL(folder, import.meta.url)).map((file): [string, string] => [
      file.replace(".ts", ""),
      `./${folder}/${file}`,
    ]),
  ),
);

/** The first comment of a program, which describes it. */
const titleOf = (name: string) => {
  const text = readFileSync(new URL(pathOf.get(name)!, import.meta.url), "utf8");
  return text.slice(3, text.indexOf("\n"));
};

const command = new Command("npm run examples --")
  .description("Runs short programs, all in one process.")
  .addArgument(new Argument("[names...]", "all by default").choices([...pathOf.keys()]))
  .addOption(backendOption())
  .addHelpText("after", [...pathOf.keys()].map((name) => `\n  ${name}: ${titleOf(name)}`).join(""));
const { args } = parseOrExit(command, process.argv.slice(2));
const { backend } = command.opts<{ backend: string }>();
process.argv.length = 2; // the programs have arguments too

if (backend === "webgpu") installChromium();
await startNodeBackend(backend);
if (backend === "wasm") registerTrainingKernels(); // adds the gradients of convolutions
for (const name of args.length > 0 ? args : pathOf.keys()) {
  console.log(`\n${name}: ${titleOf(name)}`);
  await import(pathOf.get(name)!);
  tf.disposeVariables();
}
