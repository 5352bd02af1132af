/** Entry of `npm run reproduction`: writes docs/reproduction.md and its pictures. */
import { fileURLToPath } from "node:url";
import { writeReproduction } from "./report/reproduction.ts";

const docs = (name: string) => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
writeReproduction(docs("results"), docs("reproduction.md"));
