import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application } from "typedoc";

/**
 * Runs TypeDoc with the options of typedoc.json.
 *
 * @returns The Markdown page of each exported symbol by its name.
 * @throws After a warning of TypeDoc, such as a link to nothing.
 */
export async function typedocPages(out: string): Promise<Map<string, string>> {
  const app = await Application.bootstrapWithPlugins({
    options: fileURLToPath(new URL("../../typedoc.json", import.meta.url)),
    out,
    logLevel: "Warn",
  });
  const project = await app.convert();
  if (!project) throw new Error("TypeDoc could not read the sources");
  app.validate(project);
  await app.generateOutputs(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error("TypeDoc had warnings");

  const pages = new Map<string, string>();
  for (const path of readdirSync(out, { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith(".md") || path.endsWith("README.md")) continue;
    const name = basename(path, ".md");
    if (pages.has(name)) throw new Error(`two exports have the name ${name}`);
    pages.set(name, readFileSync(join(out, path), "utf8"));
  }
  return pages;
}
