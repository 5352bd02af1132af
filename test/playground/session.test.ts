import * as tf from "@tensorflow/tfjs-core";
import { registerTrainingKernels } from "kd-cmi/wasm";
import { beforeAll, expect, test } from "vitest";
import { pick } from "../../experiments/data/images.ts";
import { loadMnist } from "../../experiments/data/load.ts";
import { range } from "../../experiments/data/order.ts";
import { readTeacher } from "../../playground/data/read-teacher.ts";
import { shippedImages } from "../../playground/data/shipped.ts";
import type { Report } from "../../playground/protocol.ts";
import { type Settings, USUAL } from "../../playground/settings.ts";
import type { Shipped } from "../../playground/worker/data.ts";
import { Session } from "../../playground/worker/session.ts";
import { startNodeBackend } from "../../scripts/node-backends.ts";

/** Few images, so that the whole story takes a second. */
let shipped: Shipped;

beforeAll(async () => {
  await startNodeBackend("wasm");
  registerTrainingKernels();
  const { train, test } = shippedImages(loadMnist());
  shipped = {
    train: pick(train, range(300)),
    test: pick(test, range(300)),
    teacher: await readTeacher(),
  };
});

const settings = (chosen: Partial<Settings> = {}): Settings => ({ ...USUAL, ...chosen });

/** A session and what it has reported. */
function newSession() {
  const reports: Report[] = [];
  return { reports, session: new Session(shipped, (report) => reports.push(report)) };
}

const lastOf = <K extends Report["kind"]>(reports: readonly Report[], kind: K) =>
  reports.filter((report): report is Report & { kind: K } => report.kind === kind).at(-1)!;

test("fine-tunes both teachers from the shipped one and trains their students", async () => {
  const { reports, session } = newSession();
  const before = await session.view();
  await session.fineTune(settings());
  const { control, mcmi, step, steps } = lastOf(reports, "teachers");
  expect(step).toBe(steps);
  expect(mcmi.cmi).toBeGreaterThan(2 * before.cmi);
  expect(control.cmi).toBeLessThan(before.cmi);
  expect(mcmi.points).toHaveLength(2 * mcmi.labels.length);
  expect(await session.view()).toEqual(before);

  expect(await session.classify(new Uint8Array(784))).toBeUndefined();
  await session.distil(settings());
  const { students } = lastOf(reports, "students");
  for (const { accuracy, predictions } of Object.values(students)) {
    expect(accuracy).toBeGreaterThan(0.5); // without a tenth of the classes, from 270 images
    expect(predictions.every((digit) => digit >= 0 && digit < 10)).toBe(true);
  }
  const answers = await session.classify(shipped.test.pixels.slice(0, 784)); // a seven
  expect(Object.keys(answers!)).toEqual(["CE", "control", "MCMI"]);
  for (const probabilities of Object.values(answers!)) {
    expect(probabilities.indexOf(Math.max(...probabilities))).toBe(7);
    expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  }
  await expect(session.classify(new Uint8Array(3))).rejects.toThrow("a drawing has 784 pixels");
});

test("gives two equal teachers for λ = 0, and the same ones for the same seed", async () => {
  const viewsOf = async (chosen: Partial<Settings>) => {
    const { reports, session } = newSession();
    await session.fineTune(settings(chosen));
    return lastOf(reports, "teachers");
  };
  const first = await viewsOf({ lambda: 0 });
  expect(first.mcmi).toEqual(first.control);
  const again = await viewsOf({ lambda: 0 });
  expect(again.control).toEqual(first.control);
  const other = await viewsOf({ lambda: 0, seed: 2 });
  expect(other.control.points).not.toEqual(first.control.points);
  const smoothed = await viewsOf({ lambda: 0, smoothing: 0.2 });
  expect(smoothed.mcmi).toEqual(first.mcmi);
  expect(smoothed.control.cmi).toBeGreaterThan(2 * first.control.cmi);
});

test("trains a CE teacher anew that stops early", async () => {
  const { reports, session } = newSession();
  await session.distil(settings({ epoch: 2 }));
  const { early, step, steps } = lastOf(reports, "early");
  expect([step, steps]).toEqual([10, 10]); // two epochs of 300 images in batches of 64
  expect(early.epoch).toBe(2);
  expect(early.accuracy).toBeGreaterThan(0.3);
  expect(early.accuracy).toBeLessThan((await session.view()).accuracy);
});

test("rests while it is paused, and leaks no tensors", async () => {
  const { reports, session } = newSession();
  const run = async () => {
    await session.fineTune(settings({ epoch: 1 }));
    await session.distil(settings({ epoch: 1 }));
  };
  await run();
  const { numTensors } = tf.memory();
  session.pace.setPaused(true);
  const second = run();
  const rested = () => new Promise((resolve) => setTimeout(resolve, 300));
  await rested();
  const count = reports.length;
  await rested();
  expect(reports).toHaveLength(count);
  session.pace.setPaused(false);
  await second;
  expect(reports.length).toBeGreaterThan(count);
  expect(tf.memory().numTensors).toBe(numTensors);
});
