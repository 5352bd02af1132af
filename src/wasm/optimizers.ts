import * as tf from "@tensorflow/tfjs-core";
import { hasModule, runKernel } from "./gradients.ts";
import { addressOf } from "./module.ts";
import { type KernelCall, moduleKernel } from "./run.ts";

const SGD = "KdCmiSgd";
const MOMENTUM = "KdCmiMomentum";
const ADAM = "KdCmiAdam";

const sizeOf = ({ shape }: tf.TensorInfo) => tf.util.sizeFromShape(shape);

/** The new value. */
const sgd = moduleKernel<KernelCall<"value" | "gradient" | "rate", object>>(
  SGD,
  ({ inputs: { value, gradient, rate }, backend }, module) => {
    const out = backend.makeOutput(value.shape, "float32");
    const [w, g, c, to] = [value, gradient, rate, out].map((t) => addressOf(backend, t));
    module.sgd(w!, g!, c!, to!, sizeOf(value));
    return out;
  },
);

/** The new accumulation and the new value. */
const momentum = moduleKernel<
  KernelCall<"value" | "accumulation" | "gradient" | "rate" | "momentum", { useNesterov: boolean }>,
  tf.TensorInfo[]
>(MOMENTUM, ({ inputs, backend, attrs }, module) => {
  const { value, accumulation, gradient, rate, momentum } = inputs;
  const outputs = [value, value].map(({ shape }) => backend.makeOutput(shape, "float32"));
  const [w, a, g, c, m, newA, out] = [
    value,
    accumulation,
    gradient,
    rate,
    momentum,
    ...outputs,
  ].map((t) => addressOf(backend, t));
  module.momentum(w!, a!, g!, c!, m!, newA!, out!, sizeOf(value), attrs.useNesterov);
  return outputs;
});

interface AdamAttrs {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** The new moments and the new value. */
const adam = moduleKernel<
  KernelCall<"value" | "first" | "second" | "gradient" | "power1" | "power2", AdamAttrs>,
  tf.TensorInfo[]
>(ADAM, ({ inputs, backend, attrs }, module) => {
  const { value, first, second, gradient, power1, power2 } = inputs;
  const outputs = [value, value, value].map(({ shape }) => backend.makeOutput(shape, "float32"));
  const [w, f, s, g, p1, p2] = [value, first, second, gradient, power1, power2].map((t) =>
    addressOf(backend, t),
  );
  const [newFirst, newSecond, out] = outputs.map((t) => addressOf(backend, t));
  const { learningRate, beta1, beta2, epsilon } = attrs;
  module.adam(
    w!,
    f!,
    s!,
    g!,
    p1!,
    p2!,
    learningRate,
    beta1,
    beta2,
    epsilon,
    newFirst!,
    newSecond!,
    out!,
    sizeOf(value),
  );
  return outputs;
});

export const optimizerKernels = [sgd, momentum, adam];

type Gradients = tf.NamedTensorMap | { name: string; tensor: tf.Tensor }[];

/** A variable, its gradient, and its position in the call, by which tfjs keeps an optimizer's state. */
interface Update {
  name: string;
  value: tf.Variable;
  gradient: tf.Tensor;
  index: number;
}

/** State that an optimizer of tfjs keeps of a variable. */
interface Slot {
  originalName: string;
  variable: tf.Variable;
}

/** The slot of a variable, made of zeros when it is first needed. */
function slotOf(slots: Slot[], { name, value, index }: Update, suffix: string): tf.Variable {
  slots[index] ??= {
    originalName: `${name}/${suffix}`,
    variable: tf.tidy(() => tf.variable(tf.zerosLike(value), false)),
  };
  return slots[index].variable;
}

interface Sgd extends tf.Optimizer {
  c: tf.Scalar;
}

function updateBySgd({ c }: Sgd, { value, gradient }: Update): void {
  value.assign(runKernel(SGD, { value, gradient, rate: c }));
}

interface Momentum extends Sgd {
  m: tf.Scalar;
  useNesterov: boolean;
  accumulations: Slot[];
}

function updateByMomentum(optimizer: Momentum, update: Update): void {
  const { c, m, useNesterov, accumulations } = optimizer;
  const { value, gradient } = update;
  const accumulation = slotOf(accumulations, update, "momentum");
  const inputs = { value, accumulation, gradient, rate: c, momentum: m };
  const [next, out] = runKernel<tf.Tensor[]>(MOMENTUM, inputs, { useNesterov });
  accumulation.assign(next!);
  value.assign(out!);
}

interface Adam extends tf.Optimizer, AdamAttrs {
  accBeta1: tf.Variable;
  accBeta2: tf.Variable;
  accumulatedFirstMoment: Slot[];
  accumulatedSecondMoment: Slot[];
}

function updateByAdam(optimizer: Adam, update: Update): void {
  const { accBeta1: power1, accBeta2: power2, learningRate, beta1, beta2, epsilon } = optimizer;
  const { value, gradient } = update;
  const first = slotOf(optimizer.accumulatedFirstMoment, update, "m");
  const second = slotOf(optimizer.accumulatedSecondMoment, update, "v");
  const inputs = { value, first, second, gradient, power1, power2 };
  const attrs = { learningRate, beta1, beta2, epsilon };
  const [newFirst, newSecond, out] = runKernel<tf.Tensor[]>(ADAM, inputs, attrs);
  first.assign(newFirst!);
  second.assign(newSecond!);
  value.assign(out!);
}

/** The powers of β₁ and β₂ of the next step. */
function advanceAdam({ accBeta1, accBeta2, beta1, beta2 }: Adam): void {
  accBeta1.assign(tf.mul(accBeta1, beta1));
  accBeta2.assign(tf.mul(accBeta2, beta2));
}

/**
 * Lets SGD, momentum and Adam of tfjs update a variable by one kernel, where the module is available.
 * Adam takes 14 kernels otherwise. State and results are those of tfjs, but for the last digits.
 */
export function replaceOptimizerUpdates(): void {
  replaceUpdates(tf.SGDOptimizer, updateBySgd);
  replaceUpdates(tf.MomentumOptimizer, updateByMomentum);
  replaceUpdates(tf.AdamOptimizer, updateByAdam, advanceAdam);
}

/** The property is visible to a second copy of the module. */
interface ApplyGradients {
  (this: tf.Optimizer, gradients: Gradients): void;
  wrappedBy?: "kd-cmi";
}

function replaceUpdates<O extends tf.Optimizer>(
  // biome-ignore lint/suspicious/noExplicitAny: the constructors have different arguments
  { prototype }: { prototype: any },
  update: (optimizer: O, update: Update) => void,
  finish?: (optimizer: O) => void,
): void {
  const stock: ApplyGradients = prototype.applyGradients;
  if (stock.wrappedBy === "kd-cmi") return;
  const applyGradients: ApplyGradients = function (gradients) {
    const updates = hasModule() ? updatesOf(gradients) : undefined;
    if (!updates) return stock.call(this, gradients);
    const optimizer = this as O;
    tf.tidy(() => {
      for (const one of updates) update(optimizer, one);
      finish?.(optimizer);
    });
    (this as unknown as { incrementIterations(): void }).incrementIterations();
  };
  applyGradients.wrappedBy = "kd-cmi";
  prototype.applyGradients = applyGradients;
}

/** The updates of a step, or undefined if a kernel cannot do them all. */
function updatesOf(gradients: Gradients): Update[] | undefined {
  const named = Array.isArray(gradients)
    ? gradients
    : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
  const updates = named.map(({ name, tensor }, index) => {
    const value = tf.engine().registeredVariables[name]!;
    return { name, value, gradient: tensor, index };
  });
  const isPlain = ({ value, gradient }: Update) =>
    value.dtype === "float32" &&
    gradient?.dtype === "float32" &&
    tf.util.arraysEqual(value.shape, gradient.shape);
  return updates.every(isPlain) ? updates : undefined;
}
