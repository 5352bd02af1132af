/** The teachers have the same colours in all charts. */
const KNOWN: Readonly<Record<string, string>> = {
  CE: "#8a8f98",
  control: "#2f6db5",
  MCMI: "#d9480f",
};

/** Tableau's ten distinct colours. */
export const TEN_COLORS = [
  "#4e79a7",
  "#f28e2b",
  "#e15759",
  "#76b7b2",
  "#59a14f",
  "#edc948",
  "#b07aa1",
  "#ff9da7",
  "#9c755f",
  "#bab0ac",
] as const;

/** A colour for each name. The colours repeat after ten names that are not teachers. */
export function colorsOf(names: readonly string[]): Map<string, string> {
  const unknown = [...new Set(names)].filter((name) => !(name in KNOWN));
  return new Map(
    names.map((name) => [
      name,
      KNOWN[name] ?? TEN_COLORS[unknown.indexOf(name) % TEN_COLORS.length]!,
    ]),
  );
}
