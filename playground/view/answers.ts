import { STUDENTS, type StudentName } from "../protocol.ts";
import { UNSEEN } from "../unseen.ts";
import { create } from "./dom.ts";
import { guessOf } from "./words.ts";

export interface Answers {
  /** Shows the students' probabilities; nothing if there are none. */
  show(answers: Record<StudentName, number[]> | undefined): void;
}

/** Adds ten columns and a guess for each student. Screen readers get the words beside them. */
export function addAnswers(parent: HTMLElement): Answers {
  const rows = STUDENTS.map((name) => {
    const heights = Array.from({ length: 10 }, () => create("i", { style: "height: 0" }));
    const columns = heights.map((height, digit) =>
      create("span", digit === UNSEEN ? { class: "unseen" } : {}, height, String(digit)),
    );
    const guess = create("span", { class: "guess" }, "–");
    const title = create("span", { class: "name" }, name === "control" ? "Control" : name);
    const chart = create("div", { class: "columns" }, ...columns);
    parent.append(create("div", { class: "answer", "aria-hidden": "true" }, title, guess, chart));
    return { name, heights, guess };
  });
  return {
    show(answers) {
      for (const { name, heights, guess } of rows) {
        const probabilities = answers?.[name];
        guess.textContent = probabilities ? String(guessOf(probabilities)) : "–";
        for (const [digit, height] of heights.entries()) {
          height.style.height = `${100 * (probabilities?.[digit] ?? 0)}%`;
        }
      }
    },
  };
}
