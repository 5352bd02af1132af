import { expect, test } from "vitest";
import { committedFootprints, measureFootprints } from "../../bench/footprints.ts";

// A loss that runs more kernels or takes more memory than before is slower on every machine. If that is
// intended, write the file anew: npm run bench -- footprints
test("value and gradient of each loss run no more kernels and take no more memory", async () => {
  const [measured, committed] = [await measureFootprints(), committedFootprints()];
  for (const [backend, losses] of Object.entries(measured)) {
    const limits = committed[backend] ?? {};
    expect(Object.keys(losses).sort()).toEqual(Object.keys(limits).sort());
    const worse = Object.entries(losses).filter(
      ([loss, { kernels, peakBytes }]) =>
        kernels > limits[loss]!.kernels || peakBytes > limits[loss]!.peakBytes,
    );
    expect(worse).toEqual([]);
  }
});
