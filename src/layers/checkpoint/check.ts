import type { Contents, NamedTensor, Spec } from "./contents.ts";

const tell = ({ name, dtype, shape }: Spec) => `${name} ${dtype} [${shape}]`;
const toSpec = ({ name, tensor: { dtype, shape } }: NamedTensor) =>
  ({ name, dtype, shape }) as Spec;

/** That a state has the form of a checkpoint, all of it, before anything is changed. */
export function checkSameState(
  fn: string,
  saved: Contents<Spec>,
  given: Contents<NamedTensor>,
): void {
  const [expected, got] = [saved, given].map(({ models }) => Object.keys(models));
  if (
    expected!.length !== got!.length ||
    expected!.some((name) => !Object.hasOwn(given.models, name))
  ) {
    fail(fn, "state.models", listOf(expected!), listOf(got!));
  }
  for (const [name, specs] of Object.entries(saved.models)) {
    const weights = given.models[name]!.map(toSpec);
    const path = `state.models.${name}`;
    if (weights.length !== specs.length) {
      fail(fn, path, `${specs.length} weights`, `${weights.length}`);
    }
    specs.forEach((spec, i) => {
      compare(fn, `weight ${i} of ${path}`, tell(spec), tell(weights[i]!));
    });
  }
  checkOptimizer(fn, saved.optimizer, given.optimizer);
  const names = saved.tensors.map(({ name }) => name);
  for (const tensor of given.tensors.map(toSpec)) {
    const spec = saved.tensors.find(({ name }) => name === tensor.name);
    if (!spec) fail(fn, "state.tensors", `no others than ${listOf(names)}`, tensor.name);
    else compare(fn, `state.tensors.${spec.name}`, tell(spec), tell(tensor));
  }
}

function checkOptimizer(
  fn: string,
  saved: Contents<Spec>["optimizer"],
  given: Contents<NamedTensor>["optimizer"],
): void {
  compare(fn, "state.optimizer", saved?.className ?? "none", given?.className ?? "none");
  if (!saved || !given) return;
  const options = [saved, given].map(({ config }) => JSON.stringify(config));
  compare(fn, "options of state.optimizer", options[0]!, options[1]!);
  for (const [field, specs] of Object.entries(saved.lists)) {
    given.lists[field]!.forEach(({ tensor }, i) => {
      const spec = specs[i];
      if (spec)
        compare(fn, `${spec.name} of state.optimizer`, `[${spec.shape}]`, `[${tensor.shape}]`);
    });
  }
}

const listOf = (names: string[]) => names.join(", ") || "none";

function compare(fn: string, name: string, expected: string, got: string): void {
  if (expected !== got) fail(fn, name, expected, got);
}

function fail(fn: string, name: string, expected: string, got: string): never {
  throw new Error(`${fn}: ${name} must be as in the checkpoint, ${expected}, got ${got}`);
}
