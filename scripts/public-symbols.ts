import { fileURLToPath } from "node:url";
import ts from "typescript";

const source = (path: string) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));

/** The entry points of the package by name. */
export const entryPoints = {
  "kd-cmi": source("index.ts"),
  "kd-cmi/layers": source("layers/index.ts"),
  "kd-cmi/wasm": source("wasm/index.ts"),
  "kd-cmi/webgpu": source("webgpu/index.ts"),
};

export interface PublicSymbol {
  name: string;
  /** The file that defines it. */
  file: string;
  /** The docstring before its first tag. */
  text: string;
  /** Its tags, such as `param`, each with its text. */
  tags: { name: string; text: string }[];
}

/** The exported functions and classes of entry points. */
export const publicSymbols = (files: readonly string[]): PublicSymbol[] =>
  exportedSymbols(files).filter(({ isValue }) => isValue);

/** All exports of entry points, with their types. */
export function exportedSymbols(files: readonly string[]): (PublicSymbol & { isValue: boolean })[] {
  const program = ts.createProgram(files, { allowImportingTsExtensions: true, noEmit: true });
  const checker = program.getTypeChecker();
  return files
    .flatMap((file) =>
      checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)!)!),
    )
    .map((symbol) =>
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    )
    .map((symbol) => ({
      name: symbol.name,
      isValue: Boolean(symbol.flags & ts.SymbolFlags.Value),
      file: symbol.declarations![0]!.getSourceFile().fileName,
      text: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
      tags: symbol.getJsDocTags(checker).map(({ name, text }) => ({
        name,
        text: ts.displayPartsToString(text),
      })),
    }));
}
