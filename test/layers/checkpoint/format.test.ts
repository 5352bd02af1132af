import { expect, test } from "vitest";
import { crc32 } from "../../../src/layers/checkpoint/crc32.ts";
import { encodeHeader, pack, unpack } from "../../../src/layers/checkpoint/format.ts";

test("crc32 equals that of zip", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array())).toBe(0);
});

test("the layout of version 2 does not change", () => {
  const spec = { path: "tensors/x", dtype: "float32" as const, shape: [1] };
  const header = { tensors: [spec], values: { a: 1 } };
  const bytes = pack(encodeHeader(header), [Float32Array.of(1)]);
  const text = '{"tensors":[{"path":"tensors/x","dtype":"float32","shape":[1]}],"values":{"a":1}}';
  const start = [0x6b, 0x64, 0x63, 0x70, 2, 0, 0, 0, text.length, 0, 0, 0];
  const expected = [...start, ...new TextEncoder().encode(text), 0, 0, 0x80, 0x3f];
  expect([...bytes.subarray(0, -4)]).toEqual(expected);
  expect(unpack("f", bytes)).toEqual({ header, payload: Uint8Array.of(0, 0, 0x80, 0x3f) });
});

test.each([1, 3])("rejects version %i, naming expected and actual", (version) => {
  const bytes = pack(encodeHeader({ tensors: [], values: {} }), []);
  bytes[4] = version;
  new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
  expect(() => unpack("f", bytes)).toThrow(
    `f: bytes must be a checkpoint of version 2, got ${version}`,
  );
});

test("other bytes, also short or similar ones, are no checkpoint", () => {
  const bytes = pack(encodeHeader({ tensors: [], values: {} }), []);
  const similar = bytes.slice();
  similar[3] = 0;
  for (const other of [new Uint8Array(15), bytes.subarray(0, 15), similar]) {
    expect(() => unpack("f", other)).toThrow(
      new Error(
        `f: bytes must be a checkpoint of kd-cmi, got ${other.length} bytes of something else`,
      ),
    );
  }
  expect(() => unpack("f", bytes.subarray(0, 16))).toThrow(
    "f: bytes must be a complete checkpoint, got 16 bytes, truncated or corrupted",
  );
});

test("numbers that JSON lacks are kept, and other values as they are", () => {
  const values = {
    lost: Number.NaN,
    far: Number.NEGATIVE_INFINITY,
    zero: -0,
    text: "NaN",
    nested: { list: [1, null, { $number: 3 }] },
  };
  const { header } = unpack("f", pack(encodeHeader({ tensors: [], values }), []));
  expect(header.values).toEqual(values);
});
