/** Sources that are mutated together, and the tests that must notice. */
export interface Family {
  name: string;
  /** Folders or files of src. */
  sources: readonly string[];
  /** Files of these folders that are not mutated. */
  except?: readonly string[];
  /** Folders or files of test that run first, and alone with `--own`. */
  own: readonly string[];
  /** Those that run for the mutants that these miss. */
  others: readonly string[];
  /** Projects of the Vitest configuration. */
  backends: readonly string[];
}

const CPU = ["cpu"];
const BOTH = ["cpu", "wasm"];

/** The quick tests of all functions together, and all of them: edge cases, NaN and memory too. */
const SWEEPS = ["options.test.ts", "disposed.test.ts"];
const GENERAL = ["*"];

const cam = (name: string): Family => ({
  name: `cam/${name}`,
  sources: [`cam/${name}`],
  own: [`cam/${name}`, ...SWEEPS],
  others: GENERAL,
  backends: CPU,
});

const distill = (name: string, backends = CPU): Family => ({
  name: `distill/${name}`,
  sources: [`distill/${name}`],
  own: [`distill/${name}`, ...SWEEPS],
  others: GENERAL,
  backends,
});

const layers = (name: string, ...more: string[]): Family => ({
  name: `layers/${name}`,
  sources: [`layers/${name}`],
  own: [name, ...SWEEPS].map((path) => `layers/${path}`).concat(more),
  others: ["layers/*"],
  backends: CPU,
});

/** All of src apart from wasm, whose kernels are tested in a project of their own. */
export const families: readonly Family[] = [
  cam("maps"),
  cam("pictures"),
  cam("scores"),
  {
    name: "teacher",
    sources: ["teacher"],
    own: ["teacher", ...SWEEPS],
    others: GENERAL,
    backends: CPU,
  },
  {
    name: "internal",
    sources: ["internal"],
    own: ["internal"],
    others: ["information", "distill/logits", "distill/contrast", ...GENERAL],
    backends: CPU,
  },
  {
    name: "ops",
    sources: ["ops"],
    own: ["ops"],
    others: ["distill/logits", ...GENERAL],
    backends: BOTH,
  },
  distill("logits"),
  {
    name: "information",
    sources: ["information"],
    own: ["information", "distill/logits/dense.test.ts", ...SWEEPS],
    others: GENERAL,
    backends: CPU,
  },
  layers("learning-rate"),
  layers("data", "layers/distiller"),
  {
    ...layers("checkpoint", "checkpoint/file.test.ts", "layers/distiller/trained-weights.test.ts"),
    // Its tests run in Chromium alone.
    except: ["layers/checkpoint/indexed-db-checkpoint.ts"],
  },
  layers("model", "layers/teacher/cmi-monitor.test.ts", "checkpoint/file-model.test.ts"),
  layers("parts"),
  layers("teacher"),
  distill("features"),
  distill("relations", BOTH),
  distill("contrast"),
  distill("self-supervised"),
  {
    name: "distill",
    sources: ["distill/*"],
    own: ["distill/features", "distill/relations"],
    others: [],
    backends: CPU,
  },
  layers("distiller", "layers/checkpoint"),
];
