import { byId, create } from "./dom.ts";

/** A button below a message. */
export interface Choice {
  title: string;
  choose(): void;
}

/** Shows a failure with what can be done about it. It replaces the one before. */
export function showAlert(message: string, choices: readonly Choice[] = []): void {
  const buttons = choices.map(({ title, choose }) => {
    const button = create("button", { type: "button" }, title);
    button.addEventListener("click", () => {
      hideAlert();
      choose();
    });
    return button;
  });
  const alert = byId("alert");
  alert.replaceChildren(create("p", {}, message));
  if (buttons.length > 0) alert.append(create("div", { class: "buttons" }, ...buttons));
  alert.hidden = false;
}

export function hideAlert(): void {
  byId("alert").hidden = true;
}

/** Shows notes, a paragraph each; hides the box without any. */
export function showNotes(notes: readonly string[]): void {
  const box = byId("notice");
  box.replaceChildren(...notes.map((note) => create("p", {}, note)));
  box.hidden = notes.length === 0;
}
