// Fails, with the reasons, if the version in package.json cannot be published under a Git tag:
// node scripts/check-publish.ts v1.2.3
// Runs on Node 24 before anything is installed.
import { readFileSync } from "node:fs";
import manifest from "../package.json" with { type: "json" };
import { publishProblems } from "./publish-problems.ts";

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
const tag = process.argv[2] ?? "none";
const problems = publishProblems(manifest, read("CHANGELOG.md"), read("README.md"), tag);
for (const problem of problems) console.error(`check-publish: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
