export const toHtml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

export function htmlTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const row = (tag: string, texts: readonly string[]) =>
    `<tr>${texts.map((text) => `<${tag}>${toHtml(text)}</${tag}>`).join("")}</tr>`;
  return `<table tabindex="0">\n${[row("th", headings), ...rows.map((cells) => row("td", cells))].join("\n")}\n</table>`;
}

/** A picture embedded in the page. */
export const htmlSvg = (svg: string, alt: string) =>
  `<img alt="${toHtml(alt)}" src="data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}">`;

/** A self-contained page, for phones and dark screens too. */
export const htmlPage = (title: string, body: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${toHtml(title)}</title>
<style>
:root { --text: #222; --quiet: #5c5c5c; --line: #ddd; --page: #fff; }
@media (prefers-color-scheme: dark) { :root { --text: #ddd; --quiet: #a8a8a8; --line: #444; --page: #1b1b1f; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: var(--text); background: var(--page); }
table { display: block; max-width: max-content; overflow-x: auto; border-collapse: collapse; }
td, th { padding: .3em .8em; border-bottom: 1px solid var(--line); text-align: right; }
td:first-child, th:first-child { text-align: left; } figure { margin: 2em 0; } figcaption { color: var(--quiet); }
img { max-width: 100%; background: #fff; border-radius: 6px; }
</style>
<main>
${body}
</main>
</html>
`;
