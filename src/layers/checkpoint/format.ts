import { crc32 } from "./crc32.ts";
import type { TensorSpec } from "./named-tensor.ts";
import type { OptimizerState } from "./optimizer-state.ts";

/*
 * The layout of a checkpoint, all numbers little-endian:
 *
 *   0   "kdcp"
 *   4   uint32 version
 *   8   uint32 length of the header in bytes
 *   12  the header, JSON in UTF-8
 *   …   the payload, raw numbers of the tensors in the header's order
 *   −4  uint32 CRC-32 of all preceding bytes, last so that a truncated file fails too
 *
 * Version 1 had a tree of tensors in its header, version 2 has a flat list.
 */
const MAGIC = [0x6b, 0x64, 0x63, 0x70];
const VERSION = 2;
const START = 12;
const CHECKSUM = 4;

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  new DataView(buffer, byteOffset, byteLength);

/** The header of a checkpoint. */
export interface Header {
  optimizer?: OptimizerState | undefined;
  /** The tensors in the order of the payload. */
  tensors: TensorSpec[];
  values: Record<string, unknown>;
}

/** The bytes of a header at the time of the call. */
export const encodeHeader = (header: Header): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(header, fromNumber));

/** The bytes of a checkpoint. */
export function pack(text: Uint8Array, parts: readonly ArrayBufferView[]): Uint8Array {
  const size = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const bytes = new Uint8Array(START + text.length + size + CHECKSUM);
  bytes.set(MAGIC);
  viewOf(bytes).setUint32(4, VERSION, true);
  viewOf(bytes).setUint32(8, text.length, true);
  bytes.set(text, START);
  let offset = START + text.length;
  for (const { buffer, byteOffset, byteLength } of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
    offset += byteLength;
  }
  viewOf(bytes).setUint32(offset, crc32(bytes.subarray(0, offset)), true);
  return bytes;
}

/** Header and payload of a checkpoint, checked for completeness and version. */
export function unpack(fn: string, data: Uint8Array): { header: Header; payload: Uint8Array } {
  const { buffer, byteOffset, byteLength: size } = data;
  const bytes = new Uint8Array(buffer, byteOffset, size); // not a Buffer, whose slices are not copies
  if (size < START + CHECKSUM || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    const got = `${size} bytes of something else`;
    throw new Error(`${fn}: bytes must be a checkpoint of kd-cmi, got ${got}`);
  }
  const end = size - CHECKSUM;
  const [stored, found] = [viewOf(bytes).getUint32(end, true), crc32(bytes.subarray(0, end))];
  if (stored !== found) {
    const got = `${size} bytes, truncated or corrupted (checksum ${found}, not ${stored})`;
    throw new Error(`${fn}: bytes must be a complete checkpoint, got ${got}`);
  }
  const version = viewOf(bytes).getUint32(4, true);
  if (version !== VERSION) {
    throw new Error(`${fn}: bytes must be a checkpoint of version ${VERSION}, got ${version}`);
  }
  const start = START + viewOf(bytes).getUint32(8, true);
  const text = new TextDecoder().decode(bytes.subarray(START, start));
  return { header: JSON.parse(text, toNumber), payload: bytes.subarray(start, end) };
}

/** Encodes numbers that JSON lacks, such as the loss of a diverged run, as `{$number: "NaN"}`. */
function fromNumber(_: string, value: unknown): unknown {
  if (Object.is(value, -0)) return { $number: "-0" };
  const isInfiniteOrNaN = typeof value === "number" && !Number.isFinite(value);
  return isInfiniteOrNaN ? { $number: String(value) } : value;
}

function toNumber(_: string, value: unknown): unknown {
  const { $number }: Record<string, unknown> = Object(value);
  return typeof $number === "string" ? Number($number) : value;
}
