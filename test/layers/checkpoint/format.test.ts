import { expect, test } from "vitest";
import { crc32 } from "../../../src/layers/checkpoint/crc32.ts";
import { headerOf, pack, unpack } from "../../../src/layers/checkpoint/format.ts";

test("crc32 is that of zip", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array())).toBe(0);
});

test("the layout of version 1 does not change", () => {
  const bytes = pack(headerOf({ a: 1 }), [Float32Array.of(1), Uint8Array.of(1, 0)]);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  expect(hex).toBe(`6b64637001000000070000007b2261223a317d0000803f0100${hex.slice(-8)}`);
  expect(unpack("f", bytes)).toEqual({
    contents: { a: 1 },
    payload: Uint8Array.of(0, 0, 0x80, 0x3f, 1, 0),
  });
});

test("a checkpoint of a later version is named as such", () => {
  const bytes = pack(headerOf({}), []);
  bytes[4] = 2;
  new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
  expect(() => unpack("f", bytes)).toThrow("f: bytes must be a checkpoint of version 1, got 2");
});
