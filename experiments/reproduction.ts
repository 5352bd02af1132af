/** Entry of `npm run reproduction`: writes docs/reproduction.md and its charts. */
import { fileURLToPath } from "node:url";
import { writeReproduction } from "./report/reproduction.ts";

const docs = (name: string) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
await writeReproduction(docs("results"), docs("reproduction.md"));
