import { expect, test } from "vitest";
import { isSoftware } from "../../playground/worker/gpu.ts";

test.each([
  [
    "ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)",
    true,
  ],
  ["google swiftshader", true],
  ["Mesa llvmpipe (LLVM 15.0.6, 256 bits)", true],
  ["ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11 vs_5_0 ps_5_0)", true],
  ["ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0)", false],
  ["apple metal-3", false],
  ["Adreno (TM) 650", false],
  ["Mali-G78", false],
  ["unnamed", false],
])("%s is software: %s", (name, expected) => {
  expect(isSoftware(name)).toBe(expected);
});
