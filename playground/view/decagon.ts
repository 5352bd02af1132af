import { TEN_COLORS } from "../../experiments/charts/colors.ts";
import { cornersOf } from "../../experiments/charts/simplex.ts";
import type { TeacherView } from "../protocol.ts";
import { canvasContext, prefersStillness } from "./dom.ts";

const SIDE = 500;
const RADIUS = 205;
const DOT = 4.5;
const MOVE_MS = 250;
const CORNERS = cornersOf(10);

/** The picture of a teacher's outputs: a dot an image, in a decagon with a corner for each class. */
export interface Decagon {
  show(view: Pick<TeacherView, "points" | "labels">): void;
}

/** Adds a picture to an element, or says that the browser has no canvas. */
export function addDecagon(parent: HTMLElement, title: string): Decagon {
  const context = canvasContext(SIDE, SIDE);
  if (!context) {
    parent.textContent = "This browser offers no canvas for the picture of the outputs.";
    return { show() {} };
  }
  const { canvas } = context;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${title}: outputs for training images in a decagon`);
  parent.append(canvas);

  let labels = new Uint8Array();
  let [from, to, current] = [new Float32Array(), new Float32Array(), new Float32Array()];
  let [started, frame] = [0, 0];
  const draw = () => drawDots(context, current, labels);
  const move = (now: number) => {
    const share = prefersStillness() ? 1 : Math.min(1, (now - started) / MOVE_MS);
    current = to.map((end, i) => from[i]! + share * (end - from[i]!));
    draw();
    frame = share < 1 ? requestAnimationFrame(move) : 0;
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
  return {
    show(view) {
      labels = Uint8Array.from(view.labels);
      to = Float32Array.from(view.points);
      from = current.length === to.length ? current : to;
      started = performance.now();
      if (frame === 0) frame = requestAnimationFrame(move);
    },
  };
}

function drawDots(context: CanvasRenderingContext2D, points: Float32Array, labels: Uint8Array) {
  const place = (x: number, y: number) => [SIDE / 2 + RADIUS * x, SIDE / 2 - RADIUS * y] as const;
  const { color } = getComputedStyle(context.canvas);
  context.clearRect(0, 0, SIDE, SIDE);
  context.strokeStyle = color;
  context.globalAlpha = 0.25;
  context.lineWidth = 2;
  context.beginPath();
  for (const [x, y] of CORNERS) context.lineTo(...place(x, y));
  context.closePath();
  context.stroke();

  context.globalAlpha = 1;
  context.fillStyle = color;
  context.font = "600 24px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const [c, [x, y]] of CORNERS.entries()) {
    context.fillText(String(c), ...place(1.14 * x, 1.14 * y));
  }

  context.globalAlpha = 0.75;
  for (const [i, label] of labels.entries()) {
    context.fillStyle = TEN_COLORS[label]!;
    context.beginPath();
    context.arc(...place(points[2 * i]!, points[2 * i + 1]!), DOT, 0, 2 * Math.PI);
    context.fill();
  }
}
