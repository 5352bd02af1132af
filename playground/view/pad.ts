import { canvasContext } from "./dom.ts";
import { frameOf } from "./ink.ts";

const SIDE = 300;
const PEN = 24;
const IMAGE = 28;

export interface Pad {
  clear(): void;
  /** Draws an image of 28 · 28 pixels. */
  copy(pixels: Uint8Array): void;
}

/**
 * Adds a square to draw on.
 *
 * @param onDrawn Called after each stroke and copy with the drawing, framed like a digit of MNIST; with
 * undefined if nothing is drawn.
 */
export function addPad(
  parent: HTMLElement,
  onDrawn: (pixels: Uint8Array | undefined) => void,
): Pad {
  const context = canvasContext(SIDE, SIDE);
  const small = canvasContext(IMAGE, IMAGE);
  if (!context || !small) {
    const words = document.createElement("p");
    words.textContent = "This browser offers no canvas to draw on.";
    parent.append(words);
    return { clear() {}, copy: onDrawn };
  }
  const { canvas } = context;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "A square to draw on with a finger, a pen or a mouse");
  parent.append(canvas);
  const tell = () => onDrawn(framed(context, small));
  listen(context, tell);
  return {
    clear() {
      context.clearRect(0, 0, SIDE, SIDE);
    },
    copy(pixels) {
      const image = small.createImageData(IMAGE, IMAGE);
      const color = inkColor(context);
      for (const [i, opacity] of pixels.entries()) image.data.set([...color, opacity], 4 * i);
      small.putImageData(image, 0, 0);
      context.clearRect(0, 0, SIDE, SIDE);
      context.drawImage(small.canvas, 0, 0, SIDE, SIDE);
      onDrawn(pixels);
    },
  };
}

/** Draws along the pointer's way. */
function listen(context: CanvasRenderingContext2D, onStroke: () => void): void {
  const { canvas } = context;
  const toLast = ({ offsetX, offsetY }: PointerEvent) => {
    const scale = SIDE / canvas.clientWidth;
    context.lineTo(offsetX * scale, offsetY * scale);
    context.stroke();
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    context.lineWidth = PEN;
    context.lineCap = "round";
    context.lineJoin = "round";
    context.strokeStyle = getComputedStyle(canvas).color;
    context.beginPath();
    toLast(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons > 0 && canvas.hasPointerCapture(event.pointerId)) toLast(event);
  });
  canvas.addEventListener("pointerup", onStroke);
}

/** The opacities of a canvas. */
function opacities(context: CanvasRenderingContext2D, side: number): Uint8Array {
  const { data } = context.getImageData(0, 0, side, side);
  return Uint8Array.from({ length: side * side }, (_, i) => data[4 * i + 3]!);
}

/** The colour of the ink: that of the text. */
function inkColor({ canvas }: CanvasRenderingContext2D): number[] {
  const channels = getComputedStyle(canvas).color.match(/[\d.]+/g) ?? [];
  return channels.slice(0, 3).map(Number);
}

/** The drawing in the frame of a digit of MNIST. */
function framed(
  context: CanvasRenderingContext2D,
  small: CanvasRenderingContext2D,
): Uint8Array | undefined {
  const frame = frameOf({ values: opacities(context, SIDE), side: SIDE });
  if (!frame) return undefined;
  const { left, top, side } = frame;
  small.clearRect(0, 0, IMAGE, IMAGE);
  small.imageSmoothingQuality = "high";
  small.drawImage(context.canvas, left, top, side, side, 0, 0, IMAGE, IMAGE);
  return opacities(small, IMAGE);
}
