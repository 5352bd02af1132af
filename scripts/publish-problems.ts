/** The fields of package.json that publishing depends on. */
export interface Manifest {
  version: string;
  repository?: unknown;
  homepage?: unknown;
  bugs?: unknown;
}

/**
 * Reasons not to publish a version. An empty list means that it can be published.
 *
 * `tag` is the Git tag of the release. The repository's address must be that of the repository that
 * publishes, since npm compares it with the provenance statement.
 */
export function publishProblems(
  manifest: Manifest,
  changelog: string,
  readme: string,
  tag: string,
): string[] {
  const { version } = manifest;
  const problems = [];
  for (const [field, expected, isSet] of requiredFields) {
    const value = manifest[field];
    if (!isSet(value)) {
      problems.push(
        `package.json: ${field} must be ${expected}, got ${JSON.stringify(value)}; ` +
          'see "Publishing" in CONTRIBUTING.md',
      );
    }
  }
  if (tag !== `v${version}`) {
    problems.push(`the tag must be v${version}, the version in package.json, got ${tag}`);
  }
  if (!changelog.includes(`\n## [${version}]`)) {
    problems.push(`CHANGELOG.md: must have a section "## [${version}]", got none`);
  }
  if (isHttps(manifest.homepage) && !readme.includes(`](${manifest.homepage}`)) {
    problems.push(
      `README.md: must link to pages of the site, ${manifest.homepage}; see "Publishing" in CONTRIBUTING.md`,
    );
  }
  return problems;
}

const requiredFields: readonly [
  field: "repository" | "homepage" | "bugs",
  expected: string,
  isSet: (value: unknown) => boolean,
][] = [
  [
    "repository",
    '{ "type": "git", "url": "git+https://….git" }',
    (value) => /^git\+https:\/\/.+\.git$/.test(urlOf(value)),
  ],
  ["homepage", "an https address", (value) => isHttps(value)],
  ["bugs", '{ "url": "https://…" }', (value) => isHttps(urlOf(value))],
];

const isHttps = (value: unknown): value is string =>
  typeof value === "string" && value.startsWith("https://");

/** The `url` of an object, or an empty string. */
function urlOf(value: unknown): string {
  const isObject = typeof value === "object" && value !== null && "url" in value;
  return isObject && typeof value.url === "string" ? value.url : "";
}
