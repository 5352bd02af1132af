import { STUDENTS, type StudentName, type StudentView, type Threes } from "../protocol.ts";
import { UNSEEN } from "../unseen.ts";
import { canvasContext, create } from "./dom.ts";
import { percent } from "./words.ts";

const SIDE = 28;

export interface StudentRows {
  /** Shows the images of the strips. */
  showImages(threes: Threes): void;
  show(students: Record<StudentName, StudentView>): void;
  /** Leaves a mark at each bar's present end, with which the next students can be compared. */
  mark(): void;
}

/** Adds a bar and a strip of test images for each student. */
export function addStudentRows(parent: HTMLElement): StudentRows {
  const rows = STUDENTS.map((name) => ({ name, ...addRow(parent, name) }));
  return {
    showImages(threes) {
      const sprite = spriteOf(threes);
      for (const { strip } of rows) {
        strip.replaceChildren();
        if (!sprite) continue;
        for (let i = 0; i < threes.count; i++) strip.append(imageOf(sprite, i, threes.count));
      }
    },
    show(students) {
      for (const { name, bar, fill, text, strip } of rows) {
        const { onUnseen, predictions } = students[name];
        fill.style.width = `${100 * onUnseen}%`;
        text.textContent = percent(onUnseen);
        bar.setAttribute("aria-valuenow", String(Math.round(100 * onUnseen)));
        for (const [i, image] of Array.from(strip.children).entries()) {
          image.classList.toggle("hit", predictions[i] === UNSEEN);
        }
      }
    },
    mark() {
      for (const { fill, mark } of rows) {
        mark.hidden = !fill.style.width;
        mark.style.left = `calc(${fill.style.width || "0%"} - 2px)`;
      }
    },
  };
}

function addRow(parent: HTMLElement, name: StudentName) {
  const fill = create("i", { style: `background: var(--${name.toLowerCase()})` });
  const mark = create("u", { hidden: "", title: "the students before" });
  const bar = create(
    "div",
    {
      class: "bar",
      role: "meter",
      "aria-label": `3s that the student of ${name} recognises, percent`,
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      "aria-valuenow": "0",
    },
    fill,
    mark,
  );
  const text = create("span", { class: "percent" }, "–");
  const strip = create("div", { class: "strip", "aria-hidden": "true" });
  const title = create("span", { class: "name" }, name === "control" ? "Control" : name);
  parent.append(create("div", { class: "row" }, title, bar, text, strip));
  return { bar, fill, mark, text, strip };
}

/** Red, green and blue of a 3 that is not recognised, and of one that is. */
const INKS = [
  [148, 155, 164],
  [58, 160, 92],
] as const;

/** The images side by side in each ink, one ink below the other, as the address of a picture. */
function spriteOf({ pixels, count }: Threes): string | undefined {
  const context = canvasContext(SIDE * count, SIDE * INKS.length);
  if (!context) return undefined;
  for (const [row, ink] of INKS.entries()) {
    for (let i = 0; i < count; i++) {
      const image = context.createImageData(SIDE, SIDE);
      const opacities = pixels.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE);
      for (const [p, opacity] of opacities.entries()) image.data.set([...ink, opacity], 4 * p);
      context.putImageData(image, i * SIDE, row * SIDE);
    }
  }
  return context.canvas.toDataURL();
}

function imageOf(sprite: string, place: number, count: number): HTMLElement {
  const image = create("i");
  image.style.backgroundImage = `url(${sprite})`;
  image.style.backgroundSize = `${100 * count}% ${100 * INKS.length}%`;
  image.style.backgroundPositionX = `${(100 * place) / (count - 1)}%`;
  return image;
}
