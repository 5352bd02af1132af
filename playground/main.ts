/** Entry of the page: shows what the worker trains, and passes the visitor's choices to it. */
import { bindControls, selectBackend } from "./controls.ts";
import firstView from "./first-view.json" with { type: "json" };
import type { EarlyTeacher, Progress, Report, Request, TeacherView, Threes } from "./protocol.ts";
import { BACKENDS, type BackendName, readAddress } from "./settings.ts";
import { addAnswers } from "./view/answers.ts";
import { addDecagon } from "./view/decagon.ts";
import { addDial } from "./view/dial.ts";
import { byId } from "./view/dom.ts";
import { hideAlert, showAlert, showNotes } from "./view/messages.ts";
import { addPad } from "./view/pad.ts";
import { addStudentRows } from "./view/students.ts";
import * as words from "./view/words.ts";

const TITLES: Record<BackendName, string> = {
  wasm: "WebAssembly",
  webgpu: "WebGPU",
  webgl: "WebGL",
};

type Phase = "loading" | "ready" | "training" | "broken";

const address = readAddress(location.search);
const { settings } = address;

const teachers = { control: addTeacher("control", "control"), mcmi: addTeacher("mcmi", "MCMI") };
const rows = addStudentRows(byId("rows"));
const answers = addAnswers(byId("answers"));
const pad = addPad(byId("paper"), ask);

const button = (id: string) => byId<HTMLButtonElement>(id);
const say = (id: string, text: string) => {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text; // screen readers read changes
};

let worker: Worker | undefined;
let phase: Phase = "loading";
let [isPaused, hasTeachers, hasStudents] = [false, false, false];
/** The shipped teacher, as it was when the page was made until the worker has loaded it. */
let shipped: TeacherView = {
  ...firstView,
  points: Float32Array.from(firstView.points),
  labels: Uint8Array.from(firstView.labels),
};
let threes: Threes | undefined;
let early: EarlyTeacher | undefined;
let drawing: Uint8Array | undefined;

function addTeacher(id: string, title: string) {
  const figure = byId(id);
  const part = (name: string) => figure.querySelector<HTMLElement>(name)!;
  const decagon = addDecagon(part(".decagon"), title);
  const dial = addDial(part(".dial"), title);
  return (view: TeacherView) => {
    decagon.show(view);
    dial.show(view.cmi);
    part(".accuracy b").textContent = words.percentOfTeacher(view.accuracy);
  };
}

const send = (request: Request) => worker?.postMessage(request);

/** Starts a fresh worker, which loads the shipped teacher. */
function start(): void {
  worker?.terminate();
  worker = new Worker(new URL("./worker/main.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Report>) => show(data);
  worker.onerror = ({ message }) => {
    if (message) fail(message);
    else unload("The worker could not be loaded.");
  };
  [isPaused, hasTeachers, hasStudents] = [false, false, false];
  setPhase("loading");
  showShipped();
  answers.show(undefined);
  say("status", `${words.READY} Loading 6,000 images of digits, 0.8 MB.`);
  const { backend } = settings;
  const data = new URL("./", document.baseURI).href;
  send({ kind: "start", backend, allowSoftwareGpu: address.allowSoftwareGpu, data });
}

function show(report: Report): void {
  switch (report.kind) {
    case "ready":
      shipped = report.teacher;
      threes = report.threes;
      showShipped();
      rows.showImages(threes);
      showNotes([...address.problems, ...(report.note ? [report.note] : [])]);
      say("status", words.READY);
      setPhase("ready");
      break;
    case "unloaded":
      unload(report.message);
      break;
    case "refused":
      setPhase("broken");
      say("status", "Nothing is loaded.");
      offerOthers(report.reason);
      break;
    case "teachers":
      teachers.control(report.control);
      teachers.mcmi(report.mcmi);
      showProgress(report);
      say("status", words.tuningText(report, shipped.accuracy));
      break;
    case "early":
      early = report.early;
      showProgress(report);
      say("result", words.earlyText(early));
      break;
    case "students":
      rows.show(report.students);
      showProgress(report);
      say("result", words.studentsText(report, early));
      break;
    case "done":
      showDone(report.what);
      break;
    case "classified":
      answers.show(report.answers);
      if (report.answers) say("said", words.answersText(report.answers));
      break;
    case "failed":
      fail(report.message);
  }
}

function showDone(what: "teachers" | "students"): void {
  if (what === "teachers") {
    hasTeachers = true;
    return;
  }
  hasStudents = true;
  setPhase("ready");
  if (drawing) ask(drawing);
}

function showShipped(): void {
  teachers.control(shipped);
  teachers.mcmi(shipped);
}

function setPhase(next: Phase): void {
  phase = next;
  const isTraining = phase === "training";
  document.body.dataset.phase = phase;
  button("train").disabled = phase !== "ready";
  button("train").textContent = hasTeachers ? "Fine-tune again" : "Fine-tune";
  button("again").disabled = phase !== "ready" || !hasTeachers;
  button("again").textContent = hasStudents ? "Train the students again" : "Train the students";
  button("pause").disabled = !isTraining;
  button("pause").textContent = isPaused ? "Resume" : "Pause";
  button("reset").disabled = phase === "loading";
  button("sample").disabled = threes === undefined;
  if (!isTraining) byId<HTMLProgressElement>("progress").value = 0;
}

function showProgress({ step, steps }: Progress): void {
  byId<HTMLProgressElement>("progress").value = step / steps;
}

function train(what: "teachers" | "students"): void {
  rows.mark();
  early = undefined;
  say("pending", "");
  setPhase("training");
  if (what === "teachers") say("status", words.LEAVING);
  send({ kind: "train", what, settings: { ...settings } });
}

/** Asks the students for a drawing. */
function ask(pixels: Uint8Array | undefined): void {
  drawing = pixels;
  if (!pixels) {
    answers.show(undefined);
    say("said", "The square is empty. Draw a digit first.");
  } else if (hasStudents) {
    send({ kind: "classify", pixels });
  } else {
    say("said", "The students answer once they are trained.");
  }
}

function unload(message: string): void {
  setPhase("broken");
  say("status", "Nothing is loaded.");
  showAlert(message, [{ title: "Try again", choose: start }]);
}

/** Ends the worker, whose state is unknown after a failure. */
function fail(message: string): void {
  worker?.terminate();
  setPhase("broken");
  say("status", "The training has stopped.");
  offerOthers(`${TITLES[settings.backend]} failed: ${message}`);
}

function offerOthers(message: string): void {
  const others = BACKENDS.filter((backend) => backend !== settings.backend);
  showAlert(
    message,
    others.map((backend) => ({
      title: `Use ${TITLES[backend]}`,
      choose() {
        selectBackend(address, backend);
        start();
      },
    })),
  );
}

bindControls(address, (name) => {
  if (name === "backend") {
    hideAlert();
    start();
    return;
  }
  if (!hasTeachers || phase !== "ready") return;
  const isOfTeachers = name === "lambda" || name === "smoothing" || name === "seed";
  const action = isOfTeachers
    ? "“Fine-tune again” applies it."
    : "Train the students again to see its effect.";
  say("pending", action);
});
button("train").addEventListener("click", () => train("teachers"));
button("again").addEventListener("click", () => train("students"));
button("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  send({ kind: "pause", isPaused });
  setPhase("training");
});
button("reset").addEventListener("click", () => {
  hideAlert();
  start();
});
button("clear").addEventListener("click", () => {
  pad.clear();
  ask(undefined);
});
let nextSample = 8; // the first ones look unusual
button("sample").addEventListener("click", () => {
  const { pixels, count } = threes!;
  const size = pixels.length / count;
  const place = nextSample++ % count;
  pad.copy(pixels.slice(place * size, (place + 1) * size));
});
addEventListener("error", ({ message }) => showAlert(`The page has an error: ${message}`));
addEventListener("unhandledrejection", ({ reason }) =>
  showAlert(`The page has an error: ${reason?.message ?? reason}`),
);

showNotes(address.problems);
start();
