import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright";
import ts from "typescript";
import { BROWSER_TIMEOUT, chromiumLaunchOptions } from "../chromium.ts";
import {
  docstringExamples,
  goldenProgram,
  PRINT_ERROR,
  START_WEBGPU,
  toJavaScript,
} from "./programs.ts";
import { run, write } from "./project.ts";

const ORIGIN = "http://page.localhost";
const MAX_ERROR = { cpu: 1e-4, webgl: 1e-3, webgpu: 1e-3 };

function checkError(error: unknown, backend: keyof typeof MAX_ERROR): void {
  if (typeof error !== "number" || !(error <= MAX_ERROR[backend])) {
    throw new Error(`largest relative error must be at most ${MAX_ERROR[backend]}, got ${error}`);
  }
}

/** Runs golden vectors, as ESM and as CommonJS, and all docstring examples with one Node. */
export async function checkNode(project: string, node: string): Promise<void> {
  const program = goldenProgram("cpu") + PRINT_ERROR;
  const esm = write(project, "golden.mjs", program);
  const cjs = write(project, "golden.cjs", toJavaScript(program, ts.ModuleKind.CommonJS));
  for (const path of [esm, cjs]) checkError(JSON.parse(await run(project, node, path)), "cpu");

  const examples = examplesFor(project);
  for (const [name, code] of examples) {
    write(project, `examples/${name}.mjs`, toJavaScript(code, ts.ModuleKind.ESNext));
  }
  const names = JSON.stringify(examples.map(([name]) => name));
  const main = `
    import * as tf from "@tensorflow/tfjs-core";
    import "@tensorflow/tfjs-backend-cpu";
    console.log = console.warn = () => {};
    for (const name of ${names}) {
      await tf.setBackend("cpu");
      await import(\`./\${name}.mjs\`).catch((error) => {
        console.error(\`The example of \${name}: \${error.stack}\`);
        process.exitCode = 1;
      });
    }
  `;
  await run(project, node, write(project, "examples/main.mjs", main));
}

/** The docstring examples that need no other packages than a project has. */
function examplesFor(project: string): [name: string, code: string][] {
  const isMissing = (backend: string) =>
    !existsSync(join(project, `node_modules/@tensorflow/tfjs-backend-${backend}`));
  const missing = ["wasm", "webgpu"].filter(isMissing);
  return [...docstringExamples()].filter(
    ([, code]) => !missing.some((backend) => code.includes(`kd-cmi/${backend}`)),
  );
}

/** Runs golden vectors on the webgpu backend, with the kernels of kd-cmi/webgpu. */
export async function checkWebgpu(project: string): Promise<void> {
  const program = goldenProgram("webgpu", START_WEBGPU) + PRINT_ERROR;
  const path = write(project, "golden-webgpu.mjs", program);
  checkError(JSON.parse(await run(project, process.execPath, path)), "webgpu");
}

/** Compiles all docstring examples with one TypeScript. Errors in others' types do not count. */
export async function checkTypes(project: string, compiler: string): Promise<void> {
  for (const [name, code] of examplesFor(project)) write(project, `types/${name}.mts`, code);
  for (const [module, moduleResolution] of [
    ["Node16", "Node16"],
    ["ESNext", "Bundler"],
  ]) {
    const compilerOptions = {
      ...{ module, moduleResolution, target: "ES2022", lib: ["ES2022", "DOM"], types: [] },
      ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true },
    };
    write(project, "tsconfig.json", JSON.stringify({ compilerOptions, include: ["types"] }));
    const printed = await run(project, compiler, "-p", ".", "--pretty", "false").catch(
      (error: Error) => error.message,
    );
    const errors = printed
      .split("\n")
      .filter((line) => /^(error TS|(types|node_modules\/kd-cmi)\/.*error TS)/.test(line));
    if (errors.length > 0) throw new Error(errors.join("\n"));
  }
}

const bundlers: Record<string, { files: Record<string, string>; command: string[] }> = {
  esbuild: {
    files: {},
    command: ["esbuild", "golden.mjs", "--bundle", "--format=esm", "--outfile=out/esbuild/main.js"],
  },
  rollup: {
    files: {
      "rollup.config.js": `
        import commonjs from "@rollup/plugin-commonjs";
        import resolve from "@rollup/plugin-node-resolve";
        export default {
          input: "golden.mjs",
          plugins: [resolve({ browser: true }), commonjs()],
          output: { file: "out/rollup/main.js", format: "es" },
        };
      `,
    },
    command: ["rollup", "--config", "--silent"],
  },
  vite: {
    files: {
      "vite.config.js": `
        export default {
          build: {
            outDir: "out/vite",
            lib: { entry: "golden.mjs", formats: ["es"], fileName: () => "main.js" },
          },
        };
      `,
    },
    command: ["vite", "build", "--logLevel", "error"],
  },
  webpack: {
    files: {},
    command: ["webpack", "./golden.mjs", "--mode", "production", "-o", "out/webpack"],
  },
};

export const bundlerNames = Object.keys(bundlers);

/** The npm packages of all bundlers. */
export const bundlerPackages = [
  "esbuild",
  "rollup",
  "@rollup/plugin-commonjs",
  "@rollup/plugin-node-resolve",
  "vite",
  "webpack",
  "webpack-cli",
];

/** Bundles golden vectors with one bundler and runs them in Chromium. */
export async function checkBundler(project: string, name: string): Promise<void> {
  const { files, command } = bundlers[name]!;
  write(project, "golden.mjs", goldenProgram("cpu"));
  for (const [file, text] of Object.entries(files)) write(project, file, text);
  mkdirSync(join(project, "out"), { recursive: true });
  const [program, ...args] = command;
  await run(project, join(project, "node_modules/.bin", program!), ...args);
  const page = `<!doctype html><script type="module" src="/out/${name}/main.js"></script>`;
  checkError(await errorInPage(project, page), "cpu");
}

/** Runs golden vectors in Chromium without a bundler: an import map names the installed files. */
export async function checkImportMap(project: string): Promise<void> {
  const imports = {
    "@tensorflow/tfjs-core": "/node_modules/@tensorflow/tfjs-core/dist/tf-core.fesm.min.js",
    "@tensorflow/tfjs-backend-webgl":
      "/node_modules/@tensorflow/tfjs-backend-webgl/dist/tf-backend-webgl.fesm.min.js",
    "@tensorflow/tfjs-layers": "/node_modules/@tensorflow/tfjs-layers/dist/tf-layers.fesm.min.js",
    "kd-cmi": "/node_modules/kd-cmi/dist/index.js",
    "kd-cmi/layers": "/node_modules/kd-cmi/dist/layers/index.js",
  };
  const page = `<!doctype html>
    <script type="importmap">${JSON.stringify({ imports })}</script>
    <script type="module">
      import "kd-cmi/layers";
      ${goldenProgram("webgl")}
    </script>`;
  checkError(await errorInPage(project, page), "webgl");
}

/** The result of {@link goldenProgram} in a page that reads its files from a project. */
async function errorInPage(project: string, html: string): Promise<unknown> {
  const browser = await chromium.launch(chromiumLaunchOptions);
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(BROWSER_TIMEOUT);
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.route(`${ORIGIN}/**`, (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === "/") return route.fulfill({ body: html, contentType: "text/html" });
      const path = join(project, pathname);
      if (!existsSync(path)) return route.fulfill({ status: 404 });
      return route.fulfill({ body: readFileSync(path), contentType: "text/javascript" });
    });
    await page.goto(ORIGIN);
    const error = await page.evaluate("globalThis.largestError");
    if (errors.length > 0) throw new Error(errors.join("\n"));
    return error;
  } finally {
    await browser.close();
  }
}
