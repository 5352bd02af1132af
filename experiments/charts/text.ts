/** An upper estimate of a text's width in pixels, since fonts differ between machines. */
export const textWidth = (text: string, fontSize = 12) => 0.6 * fontSize * text.length;

export const widest = (texts: readonly string[], fontSize?: number) =>
  Math.max(0, ...texts.map((text) => textWidth(text, fontSize)));

const numbers = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** Formats a number with three digits and no exponent: 0.0001, 80.4, 50,000. */
export const plainNumber = (x: number) => numbers.format(x);
