import type { BackendName, Settings } from "./settings.ts";

/** Messages from the page to the worker. */
export type Request =
  | {
      kind: "start";
      backend: BackendName;
      /** Whether a GPU that the processor emulates may be used. */
      allowSoftwareGpu: boolean;
      /** The address of the folder with the shipped data. */
      data: string;
    }
  /** Fine-tunes both teachers and trains the students, or trains the students only. */
  | { kind: "train"; what: "teachers" | "students"; settings: Settings }
  | { kind: "pause"; isPaused: boolean }
  /** Asks the students for a drawing, 28 · 28 pixels within 0–255. */
  | { kind: "classify"; pixels: Uint8Array };

/** Messages from the worker to the page. */
export type Report =
  /** The shipped teacher is loaded. */
  | { kind: "ready"; backend: BackendName; note?: string; teacher: TeacherView; threes: Threes }
  /** The shipped data could not be loaded. */
  | { kind: "unloaded"; message: string }
  /** The backend is not used, for a reason in words. */
  | { kind: "refused"; backend: BackendName; reason: string }
  | ({ kind: "teachers"; control: TeacherView; mcmi: TeacherView } & Progress)
  /** The CE teacher that stops early is trained from the start. */
  | ({ kind: "early"; early: EarlyTeacher } & Progress)
  | ({ kind: "students"; students: Record<StudentName, StudentView> } & Progress)
  | { kind: "done"; what: "teachers" | "students" }
  | { kind: "classified"; answers: Record<StudentName, number[]> | undefined }
  /** The backend stopped working. The worker is of no further use. */
  | { kind: "failed"; message: string };

export interface Progress {
  step: number;
  steps: number;
}

export interface EarlyTeacher {
  /** The epoch after which it stops. */
  epoch: number;
  /** Accuracy on the test images, 0–1. */
  accuracy: number;
}

/** The students by the teacher that they learn from. */
export const STUDENTS = ["CE", "control", "MCMI"] as const;
export type StudentName = (typeof STUDENTS)[number];

/** What the page shows of a teacher. */
export interface TeacherView {
  /** CMI of the sample of training images, nats. */
  cmi: number;
  /** Accuracy on the test images, 0–1. */
  accuracy: number;
  /** The outputs for the sample, projected to the decagon: x and y in turn. */
  points: Float32Array;
  /** The class of each point. */
  labels: Uint8Array;
}

/** Test images of the class that the students never see, for the strip. */
export interface Threes {
  /** 28 · 28 bytes an image. */
  pixels: Uint8Array;
  count: number;
}

/** What the page shows of a student. */
export interface StudentView {
  /** Accuracy on the test images of the unseen class, 0–1. */
  onUnseen: number;
  /** Accuracy on all test images, 0–1. */
  accuracy: number;
  /** The predicted class of each image in the strip. */
  predictions: number[];
}
