import { readFileSync } from "node:fs";
import ts from "typescript";
import { entryPoints, publicSymbols } from "../public-symbols.ts";

/**
 * A program that compares losses and gradients of the installed package with golden vectors and sets
 * `globalThis.largestError`, the largest error relative to the largest entry.
 */
export function goldenProgram(backend: string): string {
  return `
    import * as tf from "@tensorflow/tfjs-core";
    import "@tensorflow/tfjs-backend-${backend}";
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
    const errorOf = (actual, { data }) => {
      const scale = Math.max(...data.map(Math.abs));
      return Math.max(...actual.dataSync().map((x, i) => Math.abs(x - data[i]) / scale));
    };
    globalThis.largestError = tf.ready().then(() => {
      const errors = ${JSON.stringify(goldenCases())}.flatMap(({ name, inputs, params, outputs, grads }) => {
        const tensors = Object.entries(inputs).map(([key, x]) => [key, toTensor(key, x)]);
        const { student, logits, ...others } = Object.fromEntries(tensors);
        const f = (z) => functions[name](z, others, params);
        const { value, grad } = tf.valueAndGrad(f)(student ?? logits);
        return [errorOf(value, outputs.loss), errorOf(grad, grads.student ?? grads.logits)];
      });
      return Math.max(...errors);
    });
  `;
}

/** The first golden case of losses of several families. */
const goldenCases = () =>
  ["kd", "dkd", "mcmi", "attention", "rkd"].map((name) => {
    const file = new URL(`../../test/golden/${name}.json`, import.meta.url);
    return { ...JSON.parse(readFileSync(file, "utf8")).cases[0], name };
  });

/** Prints the result of {@link goldenProgram} in Node. */
export const PRINT_ERROR = `
  globalThis.largestError.then((error) => console.log(JSON.stringify(error)));
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
