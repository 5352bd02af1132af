/** The text of src/wasm/module.generated.ts, compiled anew. */
export function compiledModule(): Promise<string>;

/** Writes src/wasm/module.generated.ts if a source has changed. */
export function buildModule(): Promise<void>;
