import { writeFileSync } from "node:fs";
import { methodsPage } from "./methods-table.ts";
import { entryPoints } from "./public-symbols.ts";

writeFileSync(new URL("../docs/methods.md", import.meta.url), methodsPage(entryPoints["kd-cmi"]));
