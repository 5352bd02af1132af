import { crc32 } from "./crc32.ts";

/*
 * A checkpoint, all numbers little-endian:
 *
 *   0   "kdcp"
 *   4   uint32 version
 *   8   uint32 length of the header in bytes
 *   12  the header, JSON in UTF-8
 *   …   the payload, raw numbers of the tensors in the header's order
 *   −4  uint32 CRC-32 of all before, last so that a cut file fails too
 */
const MAGIC = [0x6b, 0x64, 0x63, 0x70];
const VERSION = 1;
const START = 12;
const CHECKSUM = 4;

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  new DataView(buffer, byteOffset, byteLength);

/** The header of a checkpoint as it is now. */
export const headerOf = (contents: unknown): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(contents, fromNumber));

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

/** The contents of the header and the payload of a checkpoint, whole and of this version. */
export function unpack(fn: string, data: Uint8Array): { contents: unknown; payload: Uint8Array } {
  const { buffer, byteOffset, byteLength: size } = data;
  const bytes = new Uint8Array(buffer, byteOffset, size); // no Buffer, whose slices are no copies
  if (size < START + CHECKSUM || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    const got = `${size} bytes of something else`;
    throw new Error(`${fn}: bytes must be a checkpoint of kd-cmi, got ${got}`);
  }
  const end = size - CHECKSUM;
  const [stored, found] = [viewOf(bytes).getUint32(end, true), crc32(bytes.subarray(0, end))];
  if (stored !== found) {
    const got = `${size} bytes, truncated or corrupted (checksum ${found}, not ${stored})`;
    throw new Error(`${fn}: bytes must be a whole checkpoint, got ${got}`);
  }
  const version = viewOf(bytes).getUint32(4, true);
  if (version !== VERSION) {
    throw new Error(`${fn}: bytes must be a checkpoint of version ${VERSION}, got ${version}`);
  }
  const start = START + viewOf(bytes).getUint32(8, true);
  const text = new TextDecoder().decode(bytes.subarray(START, start));
  return { contents: JSON.parse(text, toNumber), payload: bytes.subarray(start, end) };
}

/** Numbers that JSON lacks, such as the loss of a run that diverged, as `{$number: "NaN"}`. */
function fromNumber(_: string, value: unknown): unknown {
  if (Object.is(value, -0)) return { $number: "-0" };
  const isLost = typeof value === "number" && !Number.isFinite(value);
  return isLost ? { $number: String(value) } : value;
}

function toNumber(_: string, value: unknown): unknown {
  const { $number } = (value ?? {}) as { $number?: unknown };
  return typeof $number === "string" ? Number($number) : value;
}
