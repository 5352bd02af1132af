/** An upper estimate of a text's width in pixels, since fonts differ between machines. */
export const textWidth = (text: string, fontSize = 12) => 0.6 * fontSize * text.length;

export const widest = (texts: readonly string[], fontSize?: number) =>
  Math.max(0, ...texts.map((text) => textWidth(text, fontSize)));

const numbers = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** Formats a number without an exponent, whole or with three digits: 0.0001, 80.4, 3,125. */
export const plainNumber = (x: number) => (Math.abs(x) < 1000 ? numbers : whole).format(x);
