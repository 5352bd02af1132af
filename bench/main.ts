import { Argument, Command } from "commander";
import * as epochs from "./epochs.ts";
import * as footprints from "./footprints.ts";
import { lineWriter } from "./lines.ts";
import * as losses from "./losses.ts";
import * as mcmi from "./mcmi.ts";
import * as peers from "./peers.ts";
import * as profile from "./profile.ts";
import * as steps from "./steps.ts";
import * as wasm from "./wasm.ts";

/** Each bench prints ratios of times that were measured side by side. */
const benches = { epochs, footprints, losses, mcmi, peers, profile, steps, wasm };
type Name = keyof typeof benches;

interface Options {
  json?: string;
  backends?: string[];
  losses?: string[];
}

const command = new Command("npm run bench --")
  .description("Measures speed as ratios: medians of interleaved runs, in one process or two.")
  .addArgument(new Argument("[names...]", "all by default").choices(Object.keys(benches)))
  .addHelpText(
    "after",
    `\n${Object.entries(benches)
      .map(([name, { description }]) => `  ${name}: ${description}`)
      .join("\n")}`,
  )
  .option("--json <file>", "append the results of epochs and losses to a file, one a line")
  .option("--backends <words...>", "measure losses on these backends only: cpu, wasm, webgpu")
  .option("--losses <words...>", "measure only losses whose names begin with one of these words")
  .showHelpAfterError()
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
command.parse();
const { json, backends, losses: words } = command.opts<Options>();
const names = command.args.length > 0 ? command.args : Object.keys(benches);
for (const name of names as Name[]) {
  console.log(`\n${name}: ${benches[name].description}`);
  await benches[name].run({
    settings: backends,
    losses: words,
    write: json ? lineWriter(json, name) : undefined,
  });
}
