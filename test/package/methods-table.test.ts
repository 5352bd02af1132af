import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { methodsPage } from "../../scripts/methods-table.ts";
import { entryPoints } from "../../scripts/public-symbols.ts";
import { root } from "./support.ts";

test("docs/methods.md matches the docstrings; npm run docs writes it", () => {
  const page = methodsPage(entryPoints["kd-cmi"]);
  expect(page).toContain("| `nstLoss` | Neuron selectivity transfer (NST) |");
  expect(readFileSync(join(root, "docs/methods.md"), "utf8")).toBe(page);
});
