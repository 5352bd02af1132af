/** Files that the reference implementation of the format wrote: safetensors 0.8 for Python, as base64. */

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (x) => x.charCodeAt(0));

/**
 * `{"logits": float64 [[1.5, −2.25, 1e-3], [0.1, 40000.5, −0]], "features.0": maps}` with the metadata of
 * PyTorch. The maps are float16 [2, 3, 2, 2], k/8 − 1 at position k, but +∞ at 0, 6e-8 at 1 and NaN at 23.
 */
export const doubles = () =>
  bytesOf(
    "qAAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJsb2dpdHMiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6WzIsM10sImRhdGFfb2Zmc2V0cyI6WzAsNDhdfSwiZmVhdHVyZXMuMCI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbMiwzLDIsMl0sImRhdGFfb2Zmc2V0cyI6WzQ4LDk2XX19ICAgICAAAAAAAAD4PwAAAAAAAALA/Knx0k1iUD+amZmZmZm5PwAAAAAQiONAAAAAAAAAAIAAfAEAALoAuQC4ALYAtACwAAAAMAA0ADYAOAA5ADoAOwA8gDwAPYA9AD6APgA/AH4=",
  );

/** `{"out": float32 [[1, 2], [3, 4]], "layer": twice that, "y": int64 [2, 1]}`. */
export const named = () =>
  bytesOf(
    "sAAAAAAAAAB7InkiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOlswLDE2XX0sImxheWVyIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDJdLCJkYXRhX29mZnNldHMiOlsxNiwzMl19LCJvdXQiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsMl0sImRhdGFfb2Zmc2V0cyI6WzMyLDQ4XX19IAIAAAAAAAAAAQAAAAAAAAAAAABAAACAQAAAwEAAAABBAACAPwAAAEAAAEBAAACAQA==",
  );

/** `{"logits": bfloat16 [[1, −2.5], [3.140625, 0]]}`, with a header that is not padded. */
export const brainFloats = () =>
  bytesOf(
    "RgAAAAAAAAB7ImxvZ2l0cyI6IHsiZHR5cGUiOiAiQkYxNiIsICJzaGFwZSI6IFsyLCAyXSwgImRhdGFfb2Zmc2V0cyI6IFswLCA4XX19gD8gwElAAAA=",
  );

/** A file with any header. */
export function fileOf(header: unknown, data: Uint8Array = new Uint8Array()): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}
