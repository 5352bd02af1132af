import { type Address, NUMBERS, type NumberName, queryOf, type Settings } from "./settings.ts";
import { byId } from "./view/dom.ts";

const SLIDERS = ["lambda", "smoothing", "temperature", "epoch"] as const satisfies NumberName[];

/**
 * Keeps the page's inputs, the settings and the address of the page alike.
 *
 * @param onChange Called after a visitor's change with the name of the setting.
 */
export function bindControls(address: Address, onChange: (name: keyof Settings) => void): void {
  const { settings } = address;
  const changed = (name: keyof Settings) => {
    history.replaceState(null, "", `${location.pathname}${queryOf(address)}`);
    onChange(name);
  };
  for (const name of [...SLIDERS, "seed"] as const) {
    const input = byId<HTMLInputElement>(name);
    const { from, to, step } = NUMBERS[name];
    Object.assign(input, { min: from, max: to, step });
    input.value = String(settings[name]);
    const show = () => showValue(name, settings);
    input.addEventListener("input", () => {
      if (!input.validity.valid || input.value === "") return;
      settings[name] = Number(input.value);
      show();
      changed(name);
    });
    // An empty or impossible seed returns to the last possible one.
    input.addEventListener("change", () => {
      input.value = String(settings[name]);
    });
    show();
  }
  const backend = byId<HTMLSelectElement>("backend");
  backend.value = settings.backend;
  backend.addEventListener("change", () => {
    settings.backend = backend.value as Settings["backend"];
    changed("backend");
  });
}

/** Selects another backend on the visitor's behalf. */
export function selectBackend(address: Address, backend: Settings["backend"]): void {
  byId<HTMLSelectElement>("backend").value = backend;
  address.settings.backend = backend;
  history.replaceState(null, "", `${location.pathname}${queryOf(address)}`);
}

function showValue(name: NumberName, settings: Settings): void {
  const value = String(settings[name]);
  if (name !== "seed") byId(`${name}-value`).textContent = value;
  if (name === "lambda") byId("mcmi-loss").textContent = `λ = ${value}`;
  if (name === "smoothing") {
    const smoothed = settings.smoothing > 0 ? `λ = 0, label smoothing ${value}` : "λ = 0";
    byId("control-loss").textContent = smoothed;
  }
}
