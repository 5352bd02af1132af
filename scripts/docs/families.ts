import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A group of symbols in the site's reference. */
export interface Family {
  title: string;
  /** Its folder in the site. */
  slug: string;
  /** Its folders in src. Symbols of a subfolder belong to the family with the longest match. */
  folders: readonly string[];
}

/** The families, in the order of the site. */
export const families: readonly Family[] = [
  { title: "Logits", slug: "logits", folders: ["distill/logits"] },
  { title: "Teachers", slug: "teachers", folders: ["teacher"] },
  { title: "Feature maps", slug: "feature-maps", folders: ["distill/features"] },
  { title: "Relations between samples", slug: "relations", folders: ["distill/relations"] },
  { title: "Contrast", slug: "contrast", folders: ["distill/contrast"] },
  { title: "Self-supervision", slug: "self-supervision", folders: ["distill/self-supervised"] },
  { title: "Conditional mutual information", slug: "cmi", folders: ["information"] },
  { title: "Class-activation maps", slug: "cam", folders: ["cam"] },
  { title: "Training teachers", slug: "training-teachers", folders: ["layers/teacher"] },
  {
    title: "Distiller",
    slug: "distiller",
    folders: ["layers/distiller", "layers/data", "layers/stored"],
  },
  { title: "Trainable parts", slug: "parts", folders: ["layers/parts"] },
  { title: "Learning rates", slug: "learning-rates", folders: ["layers/learning-rate"] },
  { title: "Checkpoints", slug: "checkpoints", folders: ["layers/checkpoint"] },
  { title: "Models", slug: "models", folders: ["layers/model"] },
  { title: "Kernels", slug: "kernels", folders: ["wasm", "webgpu"] },
  { title: "Shared types", slug: "types", folders: ["internal", "distill"] },
];

const source = fileURLToPath(new URL("../../src", import.meta.url));

/** The family of the symbols that a file of src defines. */
export function familyOf(file: string): Family {
  const path = relative(source, file);
  const matches = families
    .flatMap((family) => family.folders.map((folder) => ({ family, folder })))
    .filter(({ folder }) => path.startsWith(`${folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length);
  if (!matches[0]) throw new Error(`scripts/docs/families.ts: no family has ${path}`);
  return matches[0].family;
}
