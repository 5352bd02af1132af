import { entryPoints, exportedSymbols, type PublicSymbol } from "../public-symbols.ts";
import { type Family, familyOf } from "./families.ts";

/** A page of the reference: a function or class, and the types that its file defines. */
export interface Entry {
  symbol: PublicSymbol;
  /** The name to import it from. */
  from: string;
  family: Family;
  isLoss: boolean;
  /** The path in the site, without an ending. */
  path: string;
  /** Types explained on this page. */
  types: string[];
}

/** The reference: its pages, and the page of every exported name. */
export interface Reference {
  entries: readonly Entry[];
  pathOf: ReadonlyMap<string, string>;
}

/** Path of the page with the types that no function's file defines. */
export const TYPES_PATH = "/api/types";

/** Reads the exports of all entry points. */
export function readReference(): Reference & { sharedTypes: string[] } {
  const entries: Entry[] = [];
  const types: PublicSymbol[] = [];
  for (const [from, file] of Object.entries(entryPoints)) {
    for (const symbol of exportedSymbols([file])) {
      if (!symbol.isValue) types.push(symbol);
      else entries.push(entryOf(symbol, from));
    }
  }
  const pathOf = new Map(entries.map(({ symbol, path }) => [symbol.name, path]));
  const sharedTypes: string[] = [];
  for (const type of types) {
    const owner =
      entries.find(({ symbol }) => symbol.file === type.file) ??
      entries.find(({ symbol }) => isNamedAfter(type.name, symbol.name));
    if (owner) owner.types.push(type.name);
    else sharedTypes.push(type.name);
    pathOf.set(type.name, `${owner?.path ?? TYPES_PATH}#${anchorOf(type.name)}`);
  }
  return { entries, pathOf, sharedTypes };
}

/** The id of a type's heading. */
export const anchorOf = (name: string) => name.toLowerCase();

/** Whether a type has the name of a function or class, such as `CrdOptions` that of `crdLoss`. */
const isNamedAfter = (type: string, name: string) =>
  type.toLowerCase().startsWith(name.replace(/Loss$/, "").toLowerCase());

function entryOf(symbol: PublicSymbol, from: string): Entry {
  const family = familyOf(symbol.file);
  const isLoss = symbol.name.endsWith("Loss") && from === "kd-cmi";
  const path = `/${isLoss ? "losses" : "api"}/${isLoss ? "" : `${family.slug}/`}${symbol.name}`;
  return { symbol, from, family, isLoss, path, types: [] };
}
