import type { CheckpointStore } from "kd-cmi/layers";
import type { Plan, TeacherPlan } from "./plan.ts";

/** Everything that a teacher depends on. */
export interface TeacherSettings {
  dataset: string;
  images: Plan["images"];
  seed: number;
  backend: string;
  plan: TeacherPlan;
}

/** Gives the store of a teacher, with a name for error messages. */
export type TeacherStores = (settings: TeacherSettings) => CheckpointStore & { name: string };

/** Keeps teachers for as long as the process lives. */
export function teachersInMemory(): TeacherStores {
  const kept = new Map<string, Uint8Array>();
  return (settings) => {
    const key = JSON.stringify(settings);
    return {
      name: "in memory",
      read: async () => kept.get(key),
      write: async (bytes) => void kept.set(key, bytes),
    };
  };
}
