import * as tf from "@tensorflow/tfjs-core";

/** Dtype and shape, as shown in error messages. */
export const describe = (x: tf.Tensor) => `${x.dtype} [${x.shape}]`;

/** Checks for a tensor that is not disposed. tfjs' own message, "Tensor is disposed.", names no argument. */
export function checkTensor(fn: string, name: string, x: tf.Tensor): void {
  if (x instanceof tf.Tensor) {
    if (!x.isDisposed) return;
    throw new Error(`${fn}: ${name} must not be disposed, got a disposed ${describe(x)}`);
  }
  throw new Error(`${fn}: ${name} must be a tf.Tensor, got ${kindOf(x)}`);
}

const kindOf = (value: unknown): string =>
  Array.isArray(value) ? "an array" : value === null ? "null" : typeof value;

/** Describes an unexpected value for error messages. */
export function describeValue(value: unknown): string {
  if (value instanceof tf.Tensor) return `a tf.Tensor ${describe(value)}`;
  if (value instanceof Promise) return "a Promise";
  if (typeof value === "number" || typeof value === "boolean") return `${value}`;
  return typeof value === "string" ? `"${value}"` : kindOf(value);
}

/** Checks for an object that has no option but those allowed. */
export function checkOptions<Options extends object>(
  fn: string,
  options: Options,
  allowed: readonly (keyof Options & string)[],
  name = "options",
) {
  const expected = `an object with only ${allowed.join(", ")}`;
  const isOther = options instanceof tf.Tensor || options instanceof Promise;
  const unknown =
    isOther || kindOf(options) !== "object"
      ? [describeValue(options)]
      : Object.keys(options).filter((key) => !(allowed as readonly string[]).includes(key));
  if (unknown.length === 0) return;
  throw new Error(`${fn}: ${name} must be ${expected}, got ${unknown.join(", ")}`);
}

/** Checks for a float32 matrix with at least one row and one column. */
export function checkMatrix(
  fn: string,
  name: string,
  x: tf.Tensor,
  columns = "classes",
  rows = "batch",
) {
  checkTensor(fn, name, x);
  if (x.rank !== 2 || x.dtype !== "float32" || x.size === 0) {
    throw new Error(`${fn}: ${name} must be float32 [${rows},${columns}], got ${describe(x)}`);
  }
  return x as tf.Tensor2D;
}

/** Checks for float32 rows [batch, …, columns] of any rank from 2 on, without empty dimensions. */
export function checkRows(fn: string, name: string, x: tf.Tensor, columns = "classes") {
  checkTensor(fn, name, x);
  if (x.rank < 2 || x.dtype !== "float32" || x.size === 0) {
    throw new Error(`${fn}: ${name} must be float32 [batch,...,${columns}], got ${describe(x)}`);
  }
  return x;
}

/** Checks for float32 logits [batch, …, classes] of at least two classes. */
export function checkLogits(fn: string, name: string, x: tf.Tensor) {
  const logits = checkRows(fn, name, x);
  if (columnsOf(logits) > 1) return logits;
  const advice = "outputs of a single logit need a binary loss (binaryKdLoss)";
  throw new Error(`${fn}: ${name} must have at least 2 classes, got [${logits.shape}]; ${advice}`);
}

/** The last dimension of a tensor. */
export const columnsOf = ({ shape }: tf.Tensor): number => shape.at(-1) ?? 1;

/** Checks for logits of teacher and student, float32 of the same shape, of at least two classes. */
export function checkLogitPair(fn: string, teacherLogits: tf.Tensor, studentLogits: tf.Tensor) {
  const teacher = checkLogits(fn, "teacherLogits", teacherLogits);
  const student = checkSameShape(fn, "studentLogits", studentLogits, "teacherLogits", teacher);
  return { teacher, student };
}

/** Checks for a float32 tensor of the same shape as another argument. */
export function checkSameShape<T extends tf.Tensor>(
  fn: string,
  name: string,
  x: tf.Tensor,
  otherName: string,
  other: T,
) {
  checkTensor(fn, name, x);
  if (!tf.util.arraysEqual(x.shape, other.shape)) {
    const expected = `the shape of ${otherName} [${other.shape}]`;
    throw new Error(`${fn}: ${name} must have ${expected}, got [${x.shape}]`);
  }
  if (x.dtype !== "float32") {
    throw new Error(`${fn}: ${name} must be float32 [${other.shape}], got ${describe(x)}`);
  }
  return x as T;
}

/** Checks for float32 feature maps, NHWC, without empty dimensions. */
export function checkMaps(fn: string, name: string, x: tf.Tensor) {
  checkTensor(fn, name, x);
  if (x.rank !== 4 || x.dtype !== "float32" || x.size === 0) {
    const expected = "float32 [batch,height,width,channels]";
    throw new Error(`${fn}: ${name} must be ${expected}, got ${describe(x)}`);
  }
  return x as tf.Tensor4D;
}

/** Checks for float32 feature maps, or tokens [batch,tokens,channels], without empty dimensions. */
export function checkMapsOrTokens(fn: string, name: string, x: tf.Tensor) {
  checkTensor(fn, name, x);
  if ((x.rank !== 3 && x.rank !== 4) || x.dtype !== "float32" || x.size === 0) {
    const expected = "float32 [batch,height,width,channels] or [batch,tokens,channels]";
    throw new Error(`${fn}: ${name} must be ${expected}, got ${describe(x)}`);
  }
  return x as tf.Tensor3D | tf.Tensor4D;
}

/** Checks for one map per sample, float32 [batch,height,width], without empty dimensions. */
export function checkCams(fn: string, name: string, x: tf.Tensor) {
  checkTensor(fn, name, x);
  if (x.rank !== 3 || x.dtype !== "float32" || x.size === 0) {
    throw new Error(`${fn}: ${name} must be float32 [batch,height,width], got ${describe(x)}`);
  }
  return x as tf.Tensor3D;
}

/** Checks for images [N, S, S, C] of any dtype but string, without empty dimensions. */
export function checkSquareImages(fn: string, name: string, x: tf.Tensor) {
  checkTensor(fn, name, x);
  if (x.rank !== 4 || x.size === 0 || x.shape[1] !== x.shape[2] || x.dtype === "string") {
    const expected = "square images [batch,size,size,channels]";
    throw new Error(`${fn}: ${name} must be ${expected}, got ${describe(x)}`);
  }
  return x as tf.Tensor4D;
}

/**
 * Checks for features of a batch, float32 [batch, …] of rank 2 or more, without empty dimensions.
 */
export function checkFeatures(fn: string, name: string, x: tf.Tensor) {
  checkTensor(fn, name, x);
  if (x.rank < 2 || x.dtype !== "float32" || x.size === 0) {
    throw new Error(`${fn}: ${name} must be float32 [batch,...], got ${describe(x)}`);
  }
  return x;
}

/** Checks that two arguments have the same batch size. */
export function checkSameBatch(
  fn: string,
  name: string,
  x: tf.Tensor,
  otherName: string,
  other: tf.Tensor,
) {
  if (x.shape[0] === other.shape[0]) return;
  const expected = `the batch of ${otherName} [${other.shape}]`;
  throw new Error(`${fn}: ${name} must have ${expected}, got [${x.shape}]`);
}

/** Checks for one float32 row per class, [classes, classes]. */
export function checkCentroids(fn: string, centroids: tf.Tensor, numClasses: number) {
  checkTensor(fn, "centroids", centroids);
  const expected = [numClasses, numClasses];
  if (!tf.util.arraysEqual(centroids.shape, expected) || centroids.dtype !== "float32") {
    throw new Error(`${fn}: centroids must be float32 [${expected}], got ${describe(centroids)}`);
  }
  return centroids as tf.Tensor2D;
}

/**
 * Checks for labels of logits [N, …, C]: int32 class indices [N, …], class indices [N, …, 1] as of tfjs'
 * sparse loss, or rows [N, …, C] of any dtype.
 */
export function checkLabelShape(
  fn: string,
  labels: tf.Tensor,
  { shape }: { shape: readonly number[] },
) {
  checkTensor(fn, "labels", labels);
  const rows = shape.slice(0, -1);
  const has = (dtypes: readonly string[], expected: readonly number[]) =>
    dtypes.includes(labels.dtype) && tf.util.arraysEqual(labels.shape, expected as number[]);
  const isIndex = has(["int32"], rows);
  const isColumn = has(["int32", "float32"], [...rows, 1]);
  if (isIndex || isColumn || has(["int32", "float32", "bool"], shape)) return;
  const expected = `int32 class indices [${rows}] or one-hot [${shape}]`;
  throw new Error(`${fn}: labels must be ${expected}, got ${describe(labels)}`);
}

/** Checks for labels with an unknown number of classes: indices [N], or one-hot rows [N, C]. */
export function checkLabelRank(fn: string, labels: tf.Tensor) {
  checkTensor(fn, "labels", labels);
  const isIndex = labels.dtype === "int32" && labels.rank === 1;
  const isOneHot = ["int32", "float32", "bool"].includes(labels.dtype) && labels.rank === 2;
  if ((!isIndex && !isOneHot) || labels.size === 0) {
    const expected = "int32 class indices [batch] or one-hot [batch,classes]";
    throw new Error(`${fn}: labels must be ${expected}, got ${describe(labels)}`);
  }
}

/** Checks for labels of logits of unknown rank: indices [N, …], or one-hot rows [N, …, C]. */
export function checkDenseLabels(fn: string, labels: tf.Tensor) {
  checkTensor(fn, "labels", labels);
  if (labels.rank <= 2) return checkLabelRank(fn, labels);
  if (["int32", "float32", "bool"].includes(labels.dtype) && labels.size > 0) return;
  const expected = "int32 class indices [batch,...] or one-hot [batch,...,classes]";
  throw new Error(`${fn}: labels must be ${expected}, got ${describe(labels)}`);
}

/** Checks for a finite number within [minimum, maximum] and, if given, greater than `above`. */
export function checkNumber(
  fn: string,
  name: string,
  value: number,
  { above = -Infinity, minimum = -Infinity, maximum = Infinity } = {},
) {
  if (Number.isFinite(value) && value > above && value >= minimum && value <= maximum) return;
  const bounds = Object.entries({ ">": above, ">=": minimum, "<=": maximum })
    .filter(([, bound]) => Number.isFinite(bound))
    .map(([sign, bound]) => ` ${sign} ${bound}`);
  throw new Error(`${fn}: ${name} must be a finite number${bounds.join(" and")}, got ${value}`);
}

/** Checks for a safe integer of at least `minimum`. */
export function checkInteger(fn: string, name: string, value: number, minimum: number) {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new Error(`${fn}: ${name} must be an integer >= ${minimum}, got ${value}`);
}

/** Checks for a temperature: finite, greater than 0 and within 1e-18…1e18. */
export function checkTemperature(fn: string, temperature: number) {
  checkNumber(fn, "temperature", temperature, { above: 0 });
  // Its square and its inverse must be float32.
  if (temperature >= 1e-18 && temperature <= 1e18) return;
  throw new Error(`${fn}: temperature must be within 1e-18 to 1e18, got ${temperature}`);
}

/** Checks for the shape of a sample: one size per name in `sizes`, or at least one size. */
export function checkSampleShape(
  fn: string,
  name: string,
  shape: readonly number[],
  sizes?: readonly string[],
) {
  const isList = Array.isArray(shape);
  const isLong = isList && (sizes ? shape.length === sizes.length : shape.length > 0);
  if (isLong && shape.every((size) => Number.isSafeInteger(size) && size >= 1)) return;
  const expected = sizes ? `[${sizes}]` : "a list";
  throw new Error(
    `${fn}: ${name} must be ${expected} of integers >= 1, got ${isList ? `[${shape}]` : shape}`,
  );
}

/** Checks for a member of `tf.Reduction`. */
export function checkReduction(fn: string, reduction: tf.Reduction) {
  if (typeof reduction === "number" && reduction in tf.Reduction) return;
  throw new Error(`${fn}: reduction must be one of tf.Reduction, got ${reduction}`);
}

/** Checks for a float32 vector of a given size. */
export function checkVector(fn: string, name: string, x: tf.Tensor, size: number) {
  checkTensor(fn, name, x);
  if (!tf.util.arraysEqual(x.shape, [size]) || x.dtype !== "float32") {
    throw new Error(`${fn}: ${name} must be float32 [${size}], got ${describe(x)}`);
  }
  return x as tf.Tensor1D;
}

/** Checks for a weight per sample, float32 [N], or per row of logits, [N, …], or undefined. */
export function checkWeights(fn: string, weights: tf.Tensor | undefined, logits: tf.Tensor) {
  if (weights === undefined) return;
  checkTensor(fn, "weights", weights);
  const [samples, rows] = [logits.shape.slice(0, 1), logits.shape.slice(0, -1)];
  const isShaped = [samples, rows].some((shape) => tf.util.arraysEqual(weights.shape, shape));
  if (isShaped && weights.dtype === "float32") return;
  const other = rows.length > 1 ? ` or [${samples}]` : "";
  throw new Error(`${fn}: weights must be float32 [${rows}]${other}, got ${describe(weights)}`);
}
