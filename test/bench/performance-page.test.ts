import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { performancePage } from "../../scripts/performance-page.ts";

test("docs/performance.md is what npm run performance writes", () => {
  const page = readFileSync(new URL("../../docs/performance.md", import.meta.url), "utf8");
  expect(page).toBe(performancePage());
});
