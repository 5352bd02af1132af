import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { publishProblems } from "../../scripts/publish-problems.ts";
import { root } from "./support.ts";

const released = {
  version: "1.2.3",
  repository: { type: "git", url: "git+https://example.org/kd-cmi.git" },
  homepage: "https://example.org/kd-cmi",
  bugs: { url: "https://example.org/kd-cmi/issues" },
};
const readme = "[A first student](https://example.org/kd-cmi/guide/first-student.html)";
const changelog = "# Changelog\n\n## [1.2.3] - 2026-01-31\n";

test("a version with all fields, its tag and its changelog can be published", () => {
  expect(publishProblems(released, changelog, readme, "v1.2.3")).toEqual([]);
});

test("names each field that is missing, with what is expected and where it is described", () => {
  expect(publishProblems({ version: "1.2.3" }, changelog, readme, "v1.2.3")).toEqual([
    'package.json: repository must be { "type": "git", "url": "git+https://….git" }, ' +
      'got undefined; see "Publishing" in CONTRIBUTING.md',
    "package.json: homepage must be an https address, " +
      'got undefined; see "Publishing" in CONTRIBUTING.md',
    'package.json: bugs must be { "url": "https://…" }, ' +
      'got undefined; see "Publishing" in CONTRIBUTING.md',
  ]);
  expect(readFileSync(join(root, "CONTRIBUTING.md"), "utf8")).toContain("\n## Publishing\n");
});

test.each([
  ["repository", "kd-cmi", '"kd-cmi"'],
  ["repository", { url: 1 }, '{"url":1}'],
  ["repository", { url: "https://example.org" }, '{"url":"https://example.org"}'],
  ["homepage", "", '""'],
  ["bugs", null, "null"],
  ["bugs", {}, "{}"],
])("refuses the field %s with the value %j", (field, value, shown) => {
  const problems = publishProblems({ ...released, [field]: value }, changelog, readme, "v1.2.3");
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(`package.json: ${field} must be `);
  expect(problems[0]).toMatch(`got ${shown};`);
});

test("refuses a README without links to the site", () => {
  expect(publishProblems(released, changelog, "# kd-cmi", "v1.2.3")).toEqual([
    "README.md: must link to pages of the site, https://example.org/kd-cmi; " +
      'see "Publishing" in CONTRIBUTING.md',
  ]);
});

test("refuses another tag and a changelog without the version", () => {
  const unreleased = "# Changelog\n\n## [Unreleased]\n";
  expect(publishProblems(released, unreleased, readme, "v1.2.4")).toEqual([
    "the tag must be v1.2.3, the version in package.json, got v1.2.4",
    'CHANGELOG.md: must have a section "## [1.2.3]", got none',
  ]);
});

test("runs nothing at installation and brings no other package", () => {
  const atInstallation = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
  const fields: Record<string, unknown> = manifest;
  expect(Object.keys(manifest.scripts).filter((name) => atInstallation.includes(name))).toEqual([]);
  expect(fields).not.toHaveProperty("dependencies");
  expect(fields).not.toHaveProperty("optionalDependencies");
  expect(fields).not.toHaveProperty("bundleDependencies");
});
