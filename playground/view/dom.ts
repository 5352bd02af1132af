/** The element with an id, which the page's HTML holds. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element ${id}`);
  return element as T;
}

/** A new element with attributes and children. */
export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The drawing context of a new canvas; undefined in a browser without canvas. */
export function canvasContext(width: number, height: number): CanvasRenderingContext2D | undefined {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas.getContext?.("2d", { willReadFrequently: true }) ?? undefined;
}

/** Whether the visitor prefers a page without motion. */
export const prefersStillness = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
