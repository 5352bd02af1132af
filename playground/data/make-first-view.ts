/**
 * Writes first-view.json: what the page shows of the shipped teacher before the worker has loaded it.
 * `npm run playground:teacher` runs it. A test compares it with the teacher.
 */
import { writeFileSync } from "node:fs";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { loadMnist } from "../../experiments/data/load.ts";
import { startNodeBackend } from "../../scripts/node-backends.ts";
import { viewer } from "../worker/views.ts";
import { readTeacher } from "./read-teacher.ts";
import { shippedImages } from "./shipped.ts";

await startNodeBackend("wasm");
registerTrainingKernels();
const view = await viewer(shippedImages(loadMnist())).teacher(await readTeacher());
const { cmi, accuracy, points, labels } = view;
const rounded = Array.from(points, (x) => Math.round(1000 * x) / 1000);
const json = JSON.stringify({ cmi, accuracy, points: rounded, labels: [...labels] });
writeFileSync(new URL("../first-view.json", import.meta.url), `${json}\n`);
