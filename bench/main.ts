import { execFileSync } from "node:child_process";
import { Argument, Command, Option } from "commander";
import * as epochs from "./epochs.ts";
import * as footprints from "./footprints.ts";
import { lineWriter } from "./lines.ts";
import * as losses from "./losses.ts";
import * as mcmi from "./mcmi.ts";
import { networkNames } from "./networks.ts";
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
  networks?: string[];
  python?: string;
}

const command = new Command("npm run bench --")
  .description("Measures speed as ratios: medians of interleaved runs.")
  .addArgument(new Argument("[names...]", "all by default").choices(Object.keys(benches)))
  .addHelpText(
    "after",
    `\n${Object.entries(benches)
      .map(([name, { description }]) => `  ${name}: ${description}`)
      .join("\n")}`,
  )
  .option(
    "--json <file>",
    "append the results of epochs, losses, peers and steps to a file, one a line",
  )
  .addOption(
    new Option("--backends <names...>", "measure losses on these backends only").choices([
      "cpu",
      "wasm",
      "webgpu",
    ]),
  )
  .option("--losses <words...>", "measure only losses whose names begin with one of these words")
  .addOption(
    new Option("--networks <names...>", "measure or profile steps of these networks only").choices(
      networkNames,
    ),
  )
  .option("--python <command>", "the Python whose PyTorch peers and steps are compared with")
  .showHelpAfterError()
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
command.parse();
const { json, backends, losses: words, networks, python } = command.opts<Options>();
const names = command.args.length > 0 ? command.args : Object.keys(benches);
if (names.length === 1) await runOne(names[0] as Name);
else for (const name of names) runInChild(name);

async function runOne(name: Name): Promise<void> {
  console.log(`\n${name}: ${benches[name].description}`);
  await benches[name].run({
    settings: backends,
    losses: words,
    networks,
    python,
    write: json ? lineWriter(json, name) : undefined,
  });
}

/** Kernels that one bench registers would change what the next one measures. */
function runInChild(name: string): void {
  const options = process.argv.slice(2).filter((word) => !names.includes(word));
  const child = [...process.execArgv, process.argv[1]!, name, ...options];
  execFileSync(process.execPath, child, { stdio: "inherit" });
}
