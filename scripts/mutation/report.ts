interface Mutant {
  status: string;
  mutatorName: string;
  replacement?: string;
  location: { start: Place; end: Place };
}

interface Place {
  line: number;
  column: number;
}

/** What Stryker writes: https://github.com/stryker-mutator/mutation-testing-elements. */
export interface Report {
  files: Record<string, { source: string; mutants: Mutant[] }>;
}

/** The share of mutants that the tests must notice, in per cent. */
const GOAL = 85;

const isFound = ({ status }: Mutant) => status === "Killed" || status === "Timeout";
const isMissed = ({ status }: Mutant) => status === "Survived" || status === "NoCoverage";

/** Mutants that the tests notice and miss, by family, and their share. */
export function table(reports: readonly { name: string; report: Report }[]): string {
  const rows = reports.map(({ name, report }) => {
    const mutants = Object.values(report.files).flatMap((file) => file.mutants);
    const [found, missed] = [isFound, isMissed].map((is) => mutants.filter(is).length);
    return { name, found: found!, missed: missed! };
  });
  const total = { name: "all", found: 0, missed: 0 };
  for (const { found, missed } of rows) {
    total.found += found;
    total.missed += missed;
  }
  const lines = [...rows, total].map(({ name, found, missed }) => {
    const share = (100 * found) / (found + missed);
    return `| ${name} | ${found} | ${missed} | ${share.toFixed(1)}${share < GOAL ? " (!)" : ""} |`;
  });
  return ["| Family | Found | Missed | % |", "| --- | --: | --: | --: |", ...lines].join("\n");
}

/** The page `docs/mutation.md`, with the names of families without results. */
export const page = (
  reports: readonly { name: string; report: Report }[],
  missing: readonly string[],
): string =>
  `# Mutation testing

\`npm run mutation\` changes the code of a family in small ways, such as another comparison or an empty
message, and counts how many of these mutants fail a test. \`npm run mutation -- --report --write\` writes
this table from the latest results. Mutants that change no behaviour count as missed. Code that runs once
when a module is loaded is not changed, and \`wasm\` and \`webgpu\` are not either. Run with \`--own\`, a
family has its own tests alone, and all tests find at least as many.

${table(reports)}
${missing.length > 0 ? `\nNot measured yet: ${missing.join(", ")}.\n` : ""}`;

/** The mutants that the tests miss, one a line: place, original and replacement. */
export function survivors({ files }: Report): string {
  return Object.entries(files)
    .flatMap(([name, { source, mutants }]) => {
      const lines = source.split("\n");
      return mutants.filter(isMissed).map(({ location: { start, end }, ...mutant }) => {
        const last = end.line === start.line ? end.column - 1 : undefined;
        const original = lines[start.line - 1]!.slice(start.column - 1, last);
        const note = mutant.status === "NoCoverage" ? " (not run)" : "";
        return `${name}:${start.line}:${start.column}${note} ${original} → ${mutant.replacement ?? mutant.mutatorName}`;
      });
    })
    .join("\n");
}
