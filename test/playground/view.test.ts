import { describe, expect, test } from "vitest";
import type { StudentView, TeacherView } from "../../playground/protocol.ts";
import { shareOf } from "../../playground/view/dial.ts";
import { frameOf } from "../../playground/view/ink.ts";
import { answersText, studentsText, tuningText } from "../../playground/view/words.ts";

describe("the frame of a drawing", () => {
  const SIDE = 100;
  const inked = (isInk: (x: number, y: number) => boolean) => ({
    side: SIDE,
    values: Array.from({ length: SIDE * SIDE }, (_, i) =>
      isInk(i % SIDE, Math.floor(i / SIDE)) ? 255 : 0,
    ),
  });

  test("is missing without ink", () => {
    expect(frameOf(inked(() => false))).toBeUndefined();
    expect(frameOf({ side: 2, values: [31, 0, 5, 0] })).toBeUndefined();
  });

  test("puts the centre of mass in the middle and 20 of 28 pixels around the ink", () => {
    const frame = frameOf(inked((x, y) => x >= 60 && x < 70 && y >= 10 && y < 50));
    expect(frame).toEqual({ left: 65 - 28, top: 30 - 28, side: 56 });
  });

  test("follows the mass of an uneven drawing", () => {
    const { left, side } = frameOf(inked((x, y) => y < 20 && (x < 10 || x === 90)))!;
    expect(side).toBeCloseTo((91 * 28) / 20, 10);
    expect(left + side / 2).toBeCloseTo((10 * 5 + 90.5) / 11, 10);
  });
});

describe("the dial", () => {
  test("is logarithmic from 0.0001 to 1", () => {
    expect([1e-4, 1e-2, 1].map(shareOf)).toEqual([0, 0.5, 1]);
    expect(shareOf(1e-3)).toBeCloseTo(0.25, 12);
  });

  test("stays within its ends", () => {
    expect([0, 1e-9, 7, Number.NaN].map(shareOf)).toEqual([0, 0, 1, 0]);
  });
});

describe("the words", () => {
  const teacher = (cmi: number, accuracy: number): TeacherView => ({
    cmi,
    accuracy,
    points: new Float32Array(),
    labels: new Uint8Array(),
  });
  const student = (onUnseen: number): StudentView => ({
    onUnseen,
    accuracy: 0.9,
    predictions: [],
  });
  const tuning = (step: number, mcmi: TeacherView, control = teacher(0.001, 0.975)) =>
    tuningText({ step, steps: 160, control, mcmi }, 0.975);

  test("explain the dip of the accuracy when there is one", () => {
    expect(tuning(10, teacher(0.05, 0.96))).toContain("leave their corners");
    expect(tuning(10, teacher(0.3, 0.85))).toContain("dips");
  });

  test("give the price of the CMI", () => {
    expect(tuning(160, teacher(0.04, 0.965))).toContain("40 times");
    expect(tuning(160, teacher(0.04, 0.965))).toContain("1.0 points of accuracy");
    expect(tuning(160, teacher(0.002, 0.98))).toContain("2.0 times");
    expect(tuning(160, teacher(0.002, 0.98))).toContain("without a loss of accuracy");
  });

  test("say which student is best, also if it is not that of MCMI", () => {
    const [CE, control, MCMI] = [0.41, 0.36, 0.26].map(student) as [
      StudentView,
      StudentView,
      StudentView,
    ];
    const text = (students: Parameters<typeof studentsText>[0]["students"]) =>
      studentsText({ students, step: 9, steps: 9 });
    expect(text({ CE, control, MCMI })).toContain("MCMI recognises 26 %");
    expect(text({ CE, control, MCMI })).toContain("CE does better than MCMI");
    expect(text({ CE: MCMI, control, MCMI: CE })).not.toContain("better than MCMI");
  });

  test("give the accuracy of a CE teacher that was stopped early", () => {
    const students = { CE: student(0.8), control: student(0.1), MCMI: student(0.3) };
    const early = { epoch: 2, accuracy: 0.9114 };
    expect(studentsText({ students, step: 9, steps: 9 }, early)).toContain("accuracy of 91.1 %");
  });

  test("give each student's answer", () => {
    const sure = (digit: number) =>
      Array.from({ length: 10 }, (_, i) => (i === digit ? 0.82 : 0.02));
    expect(answersText({ CE: sure(5), control: sure(8), MCMI: sure(3) })).toBe(
      "CE: 5 (82 %), control: 8 (82 %), MCMI: 3 (82 %).",
    );
  });
});
