/** Sources that are mutated together, and the tests that must notice. */
export interface Family {
  name: string;
  /** Folders or files of src. */
  sources: readonly string[];
  /** Folders or files of test. */
  tests: readonly string[];
  /** Projects of the Vitest configuration. */
  backends: readonly string[];
}

const CPU = ["cpu"];
const BOTH = ["cpu", "wasm"];

/** The tests of all functions together: edge cases, NaN and options. */
const GENERAL = ["*"];

const cam = (name: string): Family => ({
  name: `cam/${name}`,
  sources: [`cam/${name}`],
  tests: [`cam/${name}`, ...GENERAL],
  backends: CPU,
});

const distill = (name: string, backends = CPU): Family => ({
  name: `distill/${name}`,
  sources: [`distill/${name}`],
  tests: [`distill/${name}`, ...GENERAL],
  backends,
});

const layers = (name: string, ...more: string[]): Family => ({
  name: `layers/${name}`,
  sources: [`layers/${name}`],
  tests: [`layers/${name}`, "layers/*", ...more.map((other) => `layers/${other}`)],
  backends: CPU,
});

/** All of src apart from wasm, whose kernels are tested in a project of their own. */
export const families: readonly Family[] = [
  cam("maps"),
  cam("pictures"),
  cam("scores"),
  { name: "teacher", sources: ["teacher"], tests: ["teacher", ...GENERAL], backends: CPU },
  {
    name: "internal",
    sources: ["internal"],
    tests: ["internal", "information", "distill/logits", "distill/contrast", ...GENERAL],
    backends: CPU,
  },
  { name: "ops", sources: ["ops"], tests: ["ops", "distill/logits", ...GENERAL], backends: BOTH },
  distill("logits"),
  {
    name: "information",
    sources: ["information"],
    tests: ["information", ...GENERAL],
    backends: CPU,
  },
  layers("learning-rate"),
  layers("data", "distiller"),
  layers("checkpoint"),
  layers("model"),
  layers("parts"),
  layers("teacher"),
  distill("features"),
  distill("relations", BOTH),
  distill("contrast"),
  distill("self-supervised"),
  {
    name: "distill",
    sources: ["distill/*"],
    tests: ["distill/features", "distill/relations"],
    backends: CPU,
  },
  layers("distiller", "checkpoint"),
];
