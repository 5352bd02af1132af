import { readFileSync } from "node:fs";
import ts from "typescript";
import { SWIFTSHADER } from "../node-backends.ts";
import { entryPoints, publicSymbols } from "../public-symbols.ts";

/**
 * A program that compares losses and gradients of the installed package with golden vectors and sets
 * `globalThis.largestError`, a promise of the largest error relative to the largest entry.
 *
 * @param start Statements that load the backend.
 */
export function goldenProgram(
  backend: string,
  start = `import "@tensorflow/tfjs-backend-${backend}";`,
): string {
  return `
    import * as tf from "@tensorflow/tfjs-core";
    ${start}
    import * as kd from "kd-cmi";

    const functions = {
      kd: (z, { teacher }, params) => kd.kdLoss(teacher, z, params),
      dkd: (z, { labels, teacher }, params) => kd.dkdLoss(labels, teacher, z, params),
      mcmi: (z, { labels, centroids }, params) =>
        kd.mcmiLoss(labels, z, centroids, { lambda: params.lambda }),
      attention: (z, { teacher }) => kd.attentionTransferLoss(teacher, z),
      rkd: (z, { teacher }) => kd.rkdLoss(teacher, z),
    };
    const toTensor = (name, { data, shape }) =>
      tf.tensor(data, shape, name === "labels" ? "int32" : "float32");
    const errorOf = async (actual, { data }) => {
      const scale = Math.max(...data.map(Math.abs));
      const values = await actual.data();
      return Math.max(...values.map((x, i) => Math.abs(x - data[i]) / scale));
    };
    globalThis.largestError = tf.ready().then(async () => {
      const errors = ${JSON.stringify(goldenCases())}.flatMap(({ name, inputs, params, outputs, grads }) => {
        const tensors = Object.entries(inputs).map(([key, x]) => [key, toTensor(key, x)]);
        const { student, logits, ...others } = Object.fromEntries(tensors);
        const f = (z) => functions[name](z, others, params);
        const { value, grad } = tf.valueAndGrad(f)(student ?? logits);
        return [errorOf(value, outputs.loss), errorOf(grad, grads.student ?? grads.logits)];
      });
      return Math.max(...(await Promise.all(errors)));
    });
  `;
}

/** The first golden case of losses of several families. */
const goldenCases = () =>
  ["kd", "dkd", "mcmi", "attention", "rkd"].map((name) => {
    const file = new URL(`../../test/golden/${name}.json`, import.meta.url);
    return { ...JSON.parse(readFileSync(file, "utf8")).cases[0], name };
  });

/** Prints the result of {@link goldenProgram} in Node, and ends, also where a GPU keeps Node alive. */
export const PRINT_ERROR = `
  globalThis.largestError.then((error) => {
    console.log(JSON.stringify(error));
    process.exit();
  });
`;

/**
 * Loads the webgpu backend in Node, on Dawn, with the kernels of kd-cmi/webgpu. Backends before 4.22.0 need
 * the scope of a worker and `requestAdapterInfo`, which browsers have removed.
 */
export const START_WEBGPU = `
  import { create, globals } from "webgpu";
  import { registerLossKernels } from "kd-cmi/webgpu";
  registerLossKernels();
  process.env.VK_DRIVER_FILES ??= ${JSON.stringify(SWIFTSHADER)};
  const dawn = create([]);
  const requestAdapter = async (options) => {
    const adapter = await dawn.requestAdapter(options);
    adapter.requestAdapterInfo ??= async () => adapter.info;
    return adapter;
  };
  const gpu = { requestAdapter, wgslLanguageFeatures: dawn.wgslLanguageFeatures };
  Object.assign(globalThis, globals, { WorkerGlobalScope: Object });
  Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
  await import("@tensorflow/tfjs-backend-webgpu");
  if (!(await tf.setBackend("webgpu"))) throw new Error("webgpu did not start");
`;

/** The examples of all docstrings, by the name of the function or class. */
export function docstringExamples(): Map<string, string> {
  const symbols = publicSymbols(Object.values(entryPoints));
  return new Map(
    symbols.map(({ name, tags }) => {
      const text = tags.find((tag) => tag.name === "example")?.text ?? "";
      return [name, /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? ""];
    }),
  );
}

/** A TypeScript program as JavaScript. */
export const toJavaScript = (code: string, module: ts.ModuleKind): string =>
  ts.transpileModule(code, { compilerOptions: { module, target: ts.ScriptTarget.ES2022 } })
    .outputText;
