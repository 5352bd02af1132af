export const toHtml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

export function htmlTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const row = (tag: string, texts: readonly string[]) =>
    `<tr>${texts.map((text) => `<${tag}>${toHtml(text)}</${tag}>`).join("")}</tr>`;
  return `<table>\n${[row("th", headings), ...rows.map((cells) => row("td", cells))].join("\n")}\n</table>`;
}

/** A picture embedded in the page. */
export const htmlSvg = (svg: string, alt: string) =>
  `<img alt="${toHtml(alt)}" src="data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}">`;

/** A self-contained page. */
export const htmlPage = (title: string, body: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${toHtml(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; } td, th { padding: .3em .8em; border-bottom: 1px solid #ddd; text-align: right; }
td:first-child, th:first-child { text-align: left; } figure { margin: 2em 0; } img { max-width: 100%; } figcaption { color: #666; }
</style>
${body}
</html>
`;
