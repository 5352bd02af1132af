import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import footprints from "../../bench/footprints.json" with { type: "json" };
import { readLines } from "../../bench/lines.ts";
import type { LossLine } from "../../bench/losses.ts";
import { argumentsOf, paragraph } from "../methods-table.ts";
import type { Entry, Reference } from "./reference.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const benchLines = fileURLToPath(new URL("../../docs/results/bench/losses.jsonl", import.meta.url));

/** The facts of a loss in a list, at the top of its page. */
export async function lossFacts(entry: Entry, { entries, pathOf }: Reference): Promise<string> {
  const { symbol } = entry;
  const inputs = argumentsOf(symbol).map(
    ({ argument, description }) => `  - \`${argument}\`: ${description}`,
  );
  const facts = [
    ["Use when", paragraph(symbol, "Use when")],
    ["Inputs", `\n${inputs.join("\n")}`],
    ["Trainable parts", paragraph(symbol, "Trainable parts")],
    ["Usual weight", paragraph(symbol, "Usual weight")],
    ["Cost", costOf(symbol.name)],
    ["Size in a bundle", `${await bundleSize(symbol.name)} kB minified and compressed, alone`],
    ["Related", relatedOf(entry, entries, pathOf)],
  ];
  return facts
    .map(([title, text]) => `- **${title}:** ${text}${text!.includes("\n") ? "" : "."}`)
    .join("\n");
}

/** Time of the last committed measurement on wasm, and kernels and memory of the current code. */
function costOf(name: string): string {
  const isOf = (loss: string) => loss.split(/[ ,]/)[0] === name;
  const lines = readLines<LossLine>(benchLines).filter(
    ({ loss, setting }) => isOf(loss) && setting === "wasm with kd-cmi/wasm",
  );
  const times = new Map(
    lines.map(({ loss, student, ms, crossEntropyMs }) => [
      loss,
      `${ms.toFixed(1)} ms for a student of ${student}, ${(ms / crossEntropyMs).toFixed(1)} times ` +
        "the cross-entropy of logits [64, 100]",
    ]),
  );
  const costs = Object.entries(footprints.wasm)
    .filter(([loss]) => isOf(loss))
    .map(([loss, { kernels, peakBytes }]) => {
      const variant = loss.slice(name.length).replace(/^, /, " with ");
      const parts = [times.get(loss), `${kernels} kernels`, `${kib(peakBytes)} KiB at most`];
      return `${variant ? `${variant.trim()}: ` : ""}${parts.filter(Boolean).join(", ")}`;
    });
  if (costs.length === 0) return "not measured";
  return `value and gradient on wasm, ${costs.join("; ")}`;
}

const kib = (bytes: number) => Math.round(bytes / 1024);

/** What a page downloads for a loss alone, without tfjs: minified and compressed, in kB. */
export async function bundleSize(name: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { ${name} } from "./src/index.ts";`,
      resolveDir: repository,
    },
    bundle: true,
    minify: true,
    format: "esm",
    external: ["@tensorflow/*"],
    write: false,
  });
  return (gzipSync(outputFiles[0]!.contents, { level: 9 }).length / 1024).toFixed(1);
}

/** The names that the docstring mentions, and the other losses of the family. */
function relatedOf(
  { symbol, family }: Entry,
  entries: Reference["entries"],
  pathOf: Reference["pathOf"],
) {
  const text = [
    symbol.text,
    ...symbol.tags.filter(({ name }) => name !== "example").map(({ text }) => text),
  ].join(" ");
  const mentioned = [...text.matchAll(/[{`](?:@link )?(\w+)[ }`]/g)].map(([, name]) => name!);
  const neighbours = entries
    .filter((other) => other.isLoss && other.family === family)
    .map((other) => other.symbol.name);
  const values = new Set(entries.map((entry) => entry.symbol.name));
  const names = [...new Set([...mentioned, ...neighbours])].filter(
    (name) => values.has(name) && name !== symbol.name,
  );
  return names.map((name) => `[${name}](${pathOf.get(name)})`).join(", ") || "none";
}
