import { cpSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { remove, root, run, temporaryFolder } from "./support.ts";

/** Half of it is CommonJS: its code and its types, which no build can share with those of ES modules. */
const MAX_PACKED_BYTES = 350_000;

const folder = temporaryFolder();
const unpacked = join(folder, "package");
let packed: { size: number; files: { path: string }[] };
let paths: string[];

beforeAll(async () => {
  // A copy, so that the build does not disturb one in the repository.
  const copy = join(folder, "copy");
  const inputs = ["src", "scripts", "docs", "tsconfig.json", "tsup.config.ts", "package.json"];
  const documents = ["README.md", "CHANGELOG.md", "LICENSE"];
  for (const path of [...inputs, ...documents]) {
    cpSync(join(root, path), join(copy, path), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  await run(copy, "npm", "run", "build");
  const [tarball] = JSON.parse(await run(copy, "npm", "pack", "--json"));
  packed = tarball;
  paths = packed.files.map(({ path }) => path);
  await run(folder, "tar", "-xzf", join(copy, tarball.filename));
}, 300_000);

afterAll(() => remove(folder));

const read = (path: string) => readFileSync(join(unpacked, path), "utf8");

test("is at most 350 kB", () => {
  expect(packed.size).toBeLessThanOrEqual(MAX_PACKED_BYTES);
});

test("holds every file of package.json's exports and the documents, and no other files", () => {
  const entries = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === "string"
      ? [entry]
      : [...Object.values(entry.import), ...Object.values(entry.require)],
  );
  const documents = ["CHANGELOG.md", "LICENSE", "README.md", "docs/methods.md"];
  const expected = [...entries.map(normalize), ...documents];
  expect(paths).toEqual(expect.arrayContaining(expected));
  const others = paths.filter((path) => !expected.includes(path));
  const chunk = /^dist\/[\w-]+\.(js|cjs|d\.ts|d\.cts)$/;
  expect(others.filter((path) => !chunk.test(path) && !path.startsWith("docs/images/"))).toEqual(
    [],
  );
});

test("has no source map and no reference to one", () => {
  expect(paths.filter((path) => path.endsWith(".map"))).toEqual([]);
  const code = paths.filter((path) => path.startsWith("dist/"));
  expect(code.length).toBeGreaterThan(0);
  expect(code.filter((path) => read(path).includes("sourceMappingURL"))).toEqual([]);
});

test("every relative link and image of its documents leads to a file of it", () => {
  const documents = paths.filter((path) => path.endsWith(".md"));
  const links = documents.flatMap((document) =>
    linksOf(read(document)).map((link) => ({ document, link })),
  );
  expect(links).toContainEqual({ document: "README.md", link: "docs/methods.md" });
  const broken = links.filter(({ document, link }) => !leadsToFile(document, link));
  expect(broken).toEqual([]);
});

test("every image of it is used by a document", () => {
  const images = paths.filter((path) => path.startsWith("docs/images/"));
  expect(images.filter((path) => !linksOf(read("README.md")).includes(path))).toEqual([]);
});

/** The addresses of Markdown links and images, and of HTML attributes, that are not absolute. */
function linksOf(markdown: string): string[] {
  const patterns = [/\]\(\s*<?([^)\s>]+)/g, /^\[[^\]]+\]:\s*(\S+)/gm, /\b(?:href|src)="([^"]+)"/g];
  return patterns
    .flatMap((pattern) => [...markdown.matchAll(pattern)].map(([, address]) => address as string))
    .filter((address) => !/^(https?|mailto):/.test(address));
}

/** Whether a link of a document leads to a file of the tarball, and to a heading if it names one. */
function leadsToFile(document: string, link: string): boolean {
  const [path, heading] = link.split("#");
  const target = path ? join(dirname(document), path) : document;
  if (!existsSync(join(unpacked, target))) return false;
  return !heading || headingsOf(read(target)).includes(heading);
}

/** The anchors of a Markdown file's headings, as GitHub and npm make them. */
const headingsOf = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    (title as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
