/** The addresses of Markdown links and images, and of HTML attributes, that are not absolute. */
export function linksOf(markdown: string): string[] {
  const patterns = [/\]\(\s*<?([^)\s>]+)/g, /^\[[^\]]+\]:\s*(\S+)/gm, /\b(?:href|src)="([^"]+)"/g];
  return patterns
    .flatMap((pattern) => [...markdown.matchAll(pattern)].map(([, address]) => address as string))
    .filter((address) => !/^(https?|mailto):/.test(address));
}

/** The anchors of a Markdown file's headings, as GitHub and npm make them. */
export const headingsOf = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    (title as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
