import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, expect, test } from "vitest";
import { root, run } from "../../package/support.ts";

const out = mkdtempSync(join(tmpdir(), "kd-cmi-cam-"));
afterAll(() => rmSync(out, { recursive: true }));

const runCam = (...args: string[]) =>
  run(root, "node_modules/.bin/tsx", "experiments/cam/main.ts", "--out", out, ...args);
const tiny = ["--images", "200", "--test-images", "300", "--epochs", "2", "--seeds", "2"];
const read = (name: string) => readFileSync(join(out, name));

test("writes pictures, scores and a report, and the same again with --reuse", async () => {
  const printed = await runCam(...tiny, "--classes", "3,5");
  expect(printed).toMatch(/Maps of all classes: coverage, % *│ *\d+\.\d\d ± \d+\.\d\d/);
  expect(printed).toMatch(/than two standard errors from 0\./);
  const { width, height, data } = PNG.sync.read(read("class-3.png"));
  expect([width, height]).toEqual([8 * 116, 3 * 116]);
  expect(new Set(data).size).toBeGreaterThan(50);
  const html = read("report.html").toString();
  expect(html.match(/src="data:image\/png;base64,/g)).toHaveLength(4);
  expect(html).toContain("<td>Maps of 5: I(X;S|Y), nats</td>");

  const { results } = JSON.parse(read("results.json").toString());
  const { control, MCMI } = results[0].teachers;
  expect(MCMI.maps.cmi).not.toBe(control.maps.cmi);
  for (const { maps } of [control, MCMI]) {
    expect(maps.count).toBe(300);
    expect(maps.coverage).toBeGreaterThan(1 / 49);
    expect(maps.coverage).toBeLessThan(1);
  }
  await runCam(...tiny, "--classes", "3,5", "--reuse");
  expect(JSON.parse(read("results.json").toString()).results).toEqual(results);
  await runCam(...tiny, "--classes", "4", "--reuse", "--method", "grad");
  expect(existsSync(join(out, "mean-4.png"))).toBe(true);
});

test("rejects teachers with other settings, unreadable ones and unknown option values", async () => {
  await expect(runCam(...tiny, "--epochs", "4", "--reuse")).rejects.toThrow(
    /teacher .*control-\d\.checkpoint has other settings: expected .*"epochs":4.*, got .*"epochs":2/,
  );
  await expect(runCam(...tiny, "--lambda", "0.1", "--reuse")).rejects.toThrow(
    /teacher .*MCMI-\d\.checkpoint has other settings: expected .*"lambda":0\.1.*, got .*"lambda":0\.25/,
  );
  writeFileSync(join(out, "teachers", "control-1.checkpoint"), "no checkpoint");
  await expect(runCam(...tiny, "--reuse")).rejects.toThrow(
    /teacher .*control-1\.checkpoint cannot be read: restoreCheckpoint: /,
  );
  await expect(runCam("--method", "nope")).rejects.toThrow("Allowed choices are eigen, grad");
  await expect(runCam("--classes", "12")).rejects.toThrow("one or more classes within 0–9");
});
