import * as tf from "@tensorflow/tfjs-core";

/** Bytes of an entry by dtype, of the dtypes that are read. All of them are converted to float32. */
const BYTES: Readonly<Record<string, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };

/** An entry of the header: where a tensor is in the bytes after it. */
interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [start: number, end: number];
}

/**
 * Encodes float32 tensors in the safetensors format: the length of the header, 8 bytes, the header as
 * JSON, and the raw bytes of the tensors, little-endian.
 */
export async function encodeSafetensors(tensors: Record<string, tf.Tensor>): Promise<Uint8Array> {
  const values = await Promise.all(Object.values(tensors).map((x) => x.data<"float32">()));
  const header: Record<string, Entry> = {};
  let end = 0;
  for (const [name, { shape, size }] of Object.entries(tensors)) {
    const start = end;
    end += 4 * size;
    header[name] = { dtype: "F32", shape, data_offsets: [start, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Padded with spaces, so that the values are aligned.
  const first = 8 * Math.ceil((8 + json.length) / 8);
  const bytes = new Uint8Array(first + end).fill(0x20, 8, first);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(first - 8), true);
  bytes.set(json, 8);
  let offset = first;
  for (const array of values) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
    offset += array.byteLength;
  }
  return bytes;
}

/** A tensor of a file that is not read yet. */
export interface StoredTensor {
  shape: number[];
  read(): Float32Array;
}

/** The tensors of a safetensors file by name. Checks that the file is complete. */
export function decodeSafetensors(fn: string, file: Uint8Array): Record<string, StoredTensor> {
  // Not a Buffer of Node, whose slice does not copy.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  const fail = (expected: string, got: string): never => {
    throw new Error(`${fn}: the file must be ${expected}, got ${got}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 8 ? undefined : Number(view.getBigUint64(0, true));
  if (length === undefined || 8 + length > bytes.length) {
    return fail("in the safetensors format and complete", `${bytes.length} bytes`);
  }
  const header = parsed(bytes.subarray(8, 8 + length));
  if (!header) return fail("in the safetensors format", "a header that is not a JSON object");
  const data = bytes.subarray(8 + length);
  const tensors: Record<string, StoredTensor> = {};
  let last = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    if (!isEntry(entry)) return fail("in the safetensors format", `an invalid header of ${name}`);
    const { dtype, shape, data_offsets } = entry;
    const [start, end] = data_offsets;
    const width = BYTES[dtype];
    if (width && end - start !== width * tf.util.sizeFromShape(shape)) {
      fail(`consistent, ${name} ${dtype} [${shape}]`, `${end - start} bytes of it`);
    }
    last = Math.max(last, end);
    const read = (): Float32Array => {
      if (!width) return fail(`of ${Object.keys(BYTES).join(", ")}`, `${name} of ${dtype}`);
      return floats(data.slice(start, end).buffer, dtype);
    };
    tensors[name] = { shape, read };
  }
  if (last !== data.length) fail(`of ${8 + length + last} bytes`, `${bytes.length}`);
  return tensors;
}

function parsed(json: Uint8Array): Record<string, unknown> | undefined {
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(json));
    const isObject = typeof header === "object" && header !== null && !Array.isArray(header);
    return isObject ? (header as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const isSizes = (x: unknown): x is number[] =>
  Array.isArray(x) && x.every((size) => Number.isSafeInteger(size) && size >= 0);

function isEntry(x: unknown): x is Entry {
  const { dtype, shape, data_offsets: offsets }: Record<string, unknown> = Object(x);
  const isRange = isSizes(offsets) && offsets.length === 2 && offsets[0]! <= offsets[1]!;
  return typeof dtype === "string" && isSizes(shape) && isRange;
}

/** Little-endian numbers as float32. */
function floats(buffer: ArrayBufferLike, dtype: string): Float32Array {
  if (dtype === "F32") return new Float32Array(buffer);
  if (dtype === "F64") return Float32Array.from(new Float64Array(buffer));
  const halves = new Uint16Array(buffer);
  if (dtype === "F16") return Float32Array.from(halves, halfToFloat);
  // The upper halves of float32 numbers.
  return new Float32Array(Uint32Array.from(halves, (bits) => bits << 16).buffer);
}

/** The value of a 16-bit float of IEEE 754. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
