import * as tf from "@tensorflow/tfjs-core";
import { flatRows, unflattened } from "./rows.ts";

/** Tensors, as a tuple or a list. */
export type Tensors = readonly tf.Tensor[];

/** A derivative for each input, in the shape of the input. */
type Gradients<X extends Tensors> = { [I in keyof X]: tf.Tensor };

/**
 * Computes an operation with a closed-form gradient, which needs no gradient from tfjs' registry.
 *
 * Second derivatives are not defined: computing one throws an error that names `fn`.
 *
 * @param fn The public function, for the error message.
 * @param inputs The tensors to differentiate with respect to.
 * @param forward Computes the value and the tensors that the gradient needs.
 * @param gradient Computes a derivative for each input from the upstream derivative `dy`, in the
 * shape of the value, and the saved tensors.
 */
export function differentiable<
  const X extends Tensors,
  Y extends tf.Tensor,
  const S extends Tensors,
>(
  fn: string,
  inputs: X,
  forward: (...inputs: X) => { value: Y; saved: S },
  gradient: (dy: Y, ...saved: S) => Gradients<X>,
): Y {
  const op = tf.customGrad((...args) => {
    const save = args.pop() as tf.Tensor | tf.GradSaveFunc as tf.GradSaveFunc;
    const { value, saved } = forward(...(args as Tensors as X));
    save(saved as Tensors as tf.Tensor[]);
    const gradFunc = (dy: tf.Tensor, kept: tf.Tensor[]) => {
      // Tidied here, since tfjs keeps intermediate tensors to the end of the backward pass.
      const gradients = () =>
        tf.tidy(() => gradient(dy as Y, ...(kept as Tensors as S)) as Tensors as tf.Tensor[]);
      return isDifferentiatedAgain() ? guarded(fn, [dy, ...inputs], gradients) : gradients();
    };
    return { value, gradFunc };
  });
  return op(...inputs) as Y;
}

/**
 * {@link differentiable} with respect to logits [N, …, C] that are computed as rows [R, C]. `gradient`
 * returns the derivative for the rows.
 */
export function differentiableRows<Y extends tf.Tensor, const S extends Tensors>(
  fn: string,
  logits: tf.Tensor,
  forward: (rows: tf.Tensor2D) => { value: Y; saved: S },
  gradient: (dy: Y, ...saved: S) => tf.Tensor2D,
): Y {
  return differentiable(
    fn,
    [logits],
    (z) => forward(flatRows(z)),
    (dy, ...saved) => [unflattened(gradient(dy, ...saved), logits.shape)],
  );
}

/** Whether the current backward pass is itself recorded for another derivative. */
const isDifferentiatedAgain = () => tf.engine().state.gradientDepth > 0;

/** Gradients whose own derivative throws. Using them as constants is allowed. */
function guarded(fn: string, sources: Tensors, gradients: () => tf.Tensor[]): tf.Tensor[] {
  const gradFunc = (): never => {
    throw new Error(`${fn}: second derivatives are not defined`);
  };
  return sources
    .slice(1)
    .map((_, i) =>
      tf.customGrad(() => ({ value: tf.clone(gradients()[i]!), gradFunc }))(...sources),
    );
}

/**
 * Computes a scalar loss with a closed-form gradient: see {@link differentiable}. `gradient`
 * returns the derivatives of the loss itself.
 */
export function scalarLoss<const X extends Tensors, const S extends Tensors>(
  fn: string,
  inputs: X,
  forward: (...inputs: X) => { value: tf.Scalar; saved: S },
  gradient: (...saved: S) => Gradients<X>,
): tf.Scalar {
  return differentiable(fn, inputs, forward, (dy, ...saved) => {
    const slopes: Tensors = gradient(...saved);
    return slopes.map((slope) => tf.mul(slope, dy)) as Tensors as Gradients<X>;
  });
}

/** The differentiable sum of scalar losses. */
export function sumOf(fn: string, losses: readonly tf.Scalar[]): tf.Scalar {
  if (losses.length === 1) return losses[0]!;
  return differentiable(
    fn,
    losses,
    (...terms) => ({ value: terms.reduce((a, b) => tf.add(a, b)), saved: [] }),
    (dy) => losses.map(() => tf.clone(dy)),
  );
}
