/** About what a text takes; fonts differ between machines, so this is rather too much. */
export const textWidth = (text: string, fontSize = 12) => 0.6 * fontSize * text.length;

export const widest = (texts: readonly string[], fontSize?: number) =>
  Math.max(0, ...texts.map((text) => textWidth(text, fontSize)));

const numbers = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** Three digits and no exponent: 0.0001, 80.4, 50,000. */
export const plainNumber = (x: number) => numbers.format(x);
