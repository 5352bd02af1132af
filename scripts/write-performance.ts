// Writes docs/performance.md.
import { writeFileSync } from "node:fs";
import { performancePage } from "./performance-page.ts";

writeFileSync(new URL("../docs/performance.md", import.meta.url), performancePage());
