import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileCheckpoint } from "kd-cmi/layers";
import type { TeacherSettings, TeacherStores } from "./teacher-store.ts";

/** Keeps each teacher in a file, and creates the folder if it is missing. */
export const teachersInFiles =
  (pathOf: (settings: TeacherSettings) => string): TeacherStores =>
  (settings) => {
    const path = pathOf(settings);
    const { read, write } = fileCheckpoint(path);
    return {
      name: path,
      read,
      async write(bytes) {
        mkdirSync(dirname(path), { recursive: true });
        await write(bytes);
      },
    };
  };
