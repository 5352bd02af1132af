import { describe, expect, test } from "vitest";
import { queryOf, readAddress, USUAL } from "../../playground/settings.ts";

describe("the address of the playground", () => {
  test("without a query gives the usual settings and needs none", () => {
    const address = readAddress("");
    expect(address).toEqual({ settings: USUAL, allowSoftwareGpu: false, problems: [] });
    expect(queryOf(address)).toBe("");
  });

  test("holds every setting", () => {
    const query =
      "?lambda=0.35&smoothing=0.1&temperature=8&epoch=2&seed=7&backend=webgl&softwareGpu=allow";
    const { problems, ...address } = readAddress(query);
    expect(problems).toEqual([]);
    expect(address.settings).toEqual({
      lambda: 0.35,
      smoothing: 0.1,
      temperature: 8,
      epoch: 2,
      seed: 7,
      backend: "webgl",
    });
    expect(queryOf(address)).toBe(query);
  });

  test("rounds a number to what its slider can show", () => {
    expect(readAddress("?lambda=0.333&seed=2.4").settings).toMatchObject({ lambda: 0.35, seed: 2 });
  });

  test.each([
    ["lambda=abc", "lambda must be a number from 0 to 1, got “abc”. The page uses 0.4."],
    ["lambda=", "lambda must be a number from 0 to 1, got “”. The page uses 0.4."],
    ["lambda=-1", "lambda must be a number from 0 to 1, got “-1”. The page uses 0.4."],
    ["seed=NaN", "seed must be a number from 1 to 999, got “NaN”. The page uses 1."],
    ["epoch=1e9", "epoch must be a number from 1 to 20, got “1e9”. The page uses 20."],
    ["backend=cuda", "backend must be wasm, webgpu, webgl, got “cuda”. The page uses wasm."],
    ["softwareGpu=1", "softwareGpu must be allow, got “1”."],
    ["constructor=1", "The address has an unknown parameter “constructor”."],
  ])("says what is wrong with %s and keeps the usual value", (query, problem) => {
    const { settings, problems } = readAddress(`?${query}`);
    expect(settings).toEqual(USUAL);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  test("cuts what is long", () => {
    const [problem] = readAddress(`?lambda=${"x".repeat(1000)}`).problems;
    expect(problem!.length).toBeLessThan(150);
  });
});
