/** The backends on which the playground trains, the default first. */
export const BACKENDS = ["wasm", "webgpu", "webgl"] as const;
export type BackendName = (typeof BACKENDS)[number];

/** The number of epochs after which the shipped teacher was trained. */
export const TEACHER_EPOCHS = 20;

/** What a visitor chooses. The address of the page holds it. */
export interface Settings {
  /** Weight of the CMI in the fine-tuning of the right-hand teacher. */
  lambda: number;
  /** Label smoothing in the fine-tuning of the left-hand teacher. */
  smoothing: number;
  /** Temperature of the distillation. */
  temperature: number;
  /** The epoch after which the training of the CE teacher stops. */
  epoch: number;
  /** Seed of the students' initial weights and of the order of the batches. */
  seed: number;
  backend: BackendName;
}

/** The numbers of {@link Settings} with their allowed values. */
export const NUMBERS = {
  lambda: { from: 0, to: 1, step: 0.05, usual: 0.4 },
  smoothing: { from: 0, to: 0.3, step: 0.05, usual: 0 },
  temperature: { from: 1, to: 16, step: 1, usual: 3 },
  epoch: { from: 1, to: TEACHER_EPOCHS, step: 1, usual: TEACHER_EPOCHS },
  seed: { from: 1, to: 999, step: 1, usual: 1 },
} as const;
export type NumberName = keyof typeof NUMBERS;
const NAMES = Object.keys(NUMBERS) as NumberName[];

export const USUAL: Settings = {
  lambda: NUMBERS.lambda.usual,
  smoothing: NUMBERS.smoothing.usual,
  temperature: NUMBERS.temperature.usual,
  epoch: NUMBERS.epoch.usual,
  seed: NUMBERS.seed.usual,
  backend: BACKENDS[0],
};

/** Allows a backend that a software GPU emulates. Tests set it; it stays in the address. */
const SOFTWARE_GPU = "softwareGpu";

export interface Address {
  settings: Settings;
  allowSoftwareGpu: boolean;
  /** A sentence for each parameter that could not be used. */
  problems: string[];
}

/** Reads the query of the page's address. A parameter that makes no sense keeps its usual value. */
export function readAddress(query: string): Address {
  const address: Address = { settings: { ...USUAL }, allowSoftwareGpu: false, problems: [] };
  for (const [name, text] of new URLSearchParams(query)) {
    const problem = readParameter(address, name, text);
    if (problem) address.problems.push(problem);
  }
  return address;
}

/** Reads a parameter into the address, or says in words why not. */
function readParameter(address: Address, name: string, text: string): string | undefined {
  const { settings } = address;
  const got = `got “${text.length > 40 ? `${text.slice(0, 40)}…` : text}”`;
  if (isNumberName(name)) {
    const { from, to, step, usual } = NUMBERS[name];
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (value >= from && value <= to) {
      settings[name] = rounded(from + step * Math.round((value - from) / step));
      return undefined;
    }
    return `${name} must be a number from ${from} to ${to}, ${got}. The page uses ${usual}.`;
  }
  if (name === "backend") {
    const backend = BACKENDS.find((known) => known === text);
    if (!backend) {
      return `backend must be ${BACKENDS.join(", ")}, ${got}. The page uses ${USUAL.backend}.`;
    }
    settings.backend = backend;
    return undefined;
  }
  if (name === SOFTWARE_GPU) {
    if (text !== "allow") return `${name} must be allow, ${got}.`;
    address.allowSoftwareGpu = true;
    return undefined;
  }
  return `The address has an unknown parameter “${name.slice(0, 40)}”. Known: ${[...NAMES, "backend"].join(", ")}.`;
}

const isNumberName = (name: string): name is NumberName => Object.hasOwn(NUMBERS, name);

const rounded = (value: number) => Math.round(1000 * value) / 1000;

/** The query of an address that gives these settings, with unusual values only; empty or from "?" on. */
export function queryOf({ settings, allowSoftwareGpu }: Omit<Address, "problems">): string {
  const unusual = [...NAMES, "backend" as const].filter((name) => settings[name] !== USUAL[name]);
  const query = new URLSearchParams(unusual.map((name) => [name, String(settings[name])]));
  if (allowSoftwareGpu) query.set(SOFTWARE_GPU, "allow");
  return query.size > 0 ? `?${query}` : "";
}
