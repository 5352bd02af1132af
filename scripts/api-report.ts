// Writes the API reports etc/*.api.md from the type declarations in dist. With --check, compares
// them instead, prints the difference and fails if there is one.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  ConsoleMessageId,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
} from "@microsoft/api-extractor";
import { entryPoints } from "./public-symbols.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const silent = { default: { logLevel: ExtractorLogLevel.None } };

/** The report of one entry point, such as `kd-cmi/layers`. */
function reportConfig(entryPoint: string, temporaryFolder: string): ExtractorConfig {
  const declarations = join(root, entryPoint.replace("kd-cmi", "dist"), "index.d.ts");
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: declarations,
      newlineKind: "lf",
      compiler: {
        overrideTsconfig: {
          compilerOptions: { module: "esnext", moduleResolution: "bundler", skipLibCheck: true },
          files: [declarations],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: entryPoint.replace("/", "-"),
        reportFolder: join(root, "etc"),
        reportTempFolder: temporaryFolder,
      },
      messages: {
        compilerMessageReporting: silent,
        extractorMessageReporting: {
          ...silent,
          "ae-forgotten-export": { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
        },
        tsdocMessageReporting: silent,
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, "package.json"),
  });
}

const { check } = parseArgs({ options: { check: { type: "boolean", default: false } } }).values;
const temporaryFolder = mkdtempSync(join(tmpdir(), "kd-cmi-api-"));
const changed = Object.keys(entryPoints).filter((entryPoint) => {
  const config = reportConfig(entryPoint, temporaryFolder);
  const { apiReportChanged, errorCount } = Extractor.invoke(config, {
    localBuild: !check,
    printApiReportDiff: check,
    messageCallback(message) {
      const isError = message.logLevel === ExtractorLogLevel.Error;
      message.handled = !isError && message.messageId !== ConsoleMessageId.ApiReportDiff;
    },
  });
  if (errorCount > 0) throw new Error(`The API of ${entryPoint} could not be extracted`);
  return apiReportChanged;
});
rmSync(temporaryFolder, { recursive: true });

if (check && changed.length > 0) {
  console.error(
    `The API of ${changed.join(", ")} differs from the reports in etc/. ` +
      'If the change is intended, run "npm run api" and commit etc/.',
  );
  process.exitCode = 1;
}
