import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { overlayCam } from "../../../src/index.ts";
import { expectClose, expectNoLeak } from "../../support.ts";

const black = (h: number, w: number) => tf.zeros([1, h, w, 1]);
const painted = (cams: tf.Tensor, colormap: "viridis" | "magma" | "inferno") => {
  const [, h, w] = cams.shape as [number, number, number];
  return overlayCam(black(h, w), cams, { colormap, alpha: 1 });
};

// matplotlib's colours at i/255 for i = 0, 32, 64, … 255.
const places = [0, 32, 64, 96, 128, 160, 192, 224, 255].map((i) => i / 255);
const anchors = {
  viridis: "440154 472d7b 3b528b 2c728e 21918c 28ae80 5ec962 addc30 fde725",
  magma: "000004 1d1147 51127c 832681 b73779 e75263 fc8961 fec488 fcfdbf",
  inferno: "000004 210c4a 57106e 8a226a bc3754 e45a31 f98e09 f9cb35 fcffa4",
};

for (const [name, hex] of Object.entries(anchors)) {
  const colormap = name as keyof typeof anchors;
  test(`${name} has the colours of matplotlib and rises in lightness continuously`, async () => {
    const cams = tf.tensor3d(places, [1, 1, 9]);
    const data = hex.split(" ").flatMap((color) => {
      const value = Number.parseInt(color, 16);
      return [value >> 16, (value >> 8) & 255, value & 255].map((x) => x / 255);
    });
    await expectClose(painted(cams, colormap), { shape: [1, 1, 9, 3], data }, 0.006);

    const steps = tf.reshape(tf.linspace(0, 1, 101), [1, 1, 101]);
    const colors = (await painted(steps, colormap).array())[0]![0]!;
    const lightness = colors.map(lightnessOf);
    const rises = lightness.slice(1).map((x, i) => x - lightness[i]!);
    const mean = (lightness.at(-1)! - lightness[0]!) / 100;
    expect(Math.min(...rises)).toBeGreaterThan(0.3 * mean);
    expect(Math.max(...rises)).toBeLessThan(1.7 * mean);
  });
}

/** CIE L* of an sRGB colour. */
function lightnessOf(color: number[]): number {
  const linear = color.map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
  const y = 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
  return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
}

test("blends grey and coloured images with weight 1 − alpha and clips the result", async () => {
  const cams = tf.tensor3d([-1, 0, 1, 7], [4, 1, 1]);
  const [dark, bright] = [
    [0x44, 0x01, 0x54],
    [0xfd, 0xe7, 0x25],
  ].map((c) => c.map((x) => x / 255));
  const colors = [dark!, dark!, bright!, bright!];
  for (const channels of [1, 3]) {
    const images = tf.tile(tf.tensor4d([0.4, -3, 0.4, 9], [4, 1, 1, 1]), [1, 1, 1, channels]);
    const data = [0.4, 0, 0.4, 1].flatMap((x, i) => colors[i]!.map((c) => 0.75 * x + 0.25 * c));
    await expectClose(overlayCam(images, cams, { alpha: 0.25 }), { shape: [4, 1, 1, 3], data });
  }
  const images = tf.randomUniform([1, 2, 2, 3], 0, 1, "float32", 1);
  const same = overlayCam(images, tf.ones([1, 1, 1]), { alpha: 0 });
  await expectClose(same, { shape: [1, 2, 2, 3], data: [...(await images.data())] });
});

test("enlarges bilinearly between the centres of pixels", async () => {
  const small = tf.tensor3d([0, 1], [1, 1, 2]);
  const wide = tf.tensor3d([0, 0, 0.25, 0.75, 1, 1], [1, 1, 6]);
  // Four pixels: the small pixels have their centres at 0.5 and 2.5.
  const got = overlayCam(black(2, 4), small, { alpha: 1 });
  const row = [...(await painted(wide, "viridis").data())].slice(3, 15);
  await expectClose(got, { shape: [1, 2, 4, 3], data: [...row, ...row] });
});

test("leaves no tensor behind, and rejects invalid input, naming expected and actual", () => {
  const [images, cams] = [tf.ones([2, 4, 4, 1]), tf.ones([2, 2, 2])];
  expectNoLeak(() => overlayCam(images, cams));
  const messages: [() => unknown, string][] = [
    [
      () => overlayCam(tf.ones([4, 4, 1]), cams),
      "overlayCam: images must be float32 [batch,height,width,channels], got float32 [4,4,1]",
    ],
    [
      () => overlayCam(tf.ones([2, 4, 4, 4]), cams),
      "overlayCam: images must have 1 or 3 channels, got [2,4,4,4]",
    ],
    [
      () => overlayCam(images, tf.ones([2, 2])),
      "overlayCam: cams must be float32 [batch,height,width], got float32 [2,2]",
    ],
    [
      () => overlayCam(images, tf.ones([3, 2, 2])),
      "overlayCam: cams must have the batch of images [2,4,4,1], got [3,2,2]",
    ],
    [
      () => overlayCam(images, cams, { colormap: "jet" as never }),
      "overlayCam: colormap must be one of viridis, magma, inferno, got jet",
    ],
    [
      () => overlayCam(images, cams, { alpha: 2 }),
      "overlayCam: alpha must be a finite number >= 0 and <= 1, got 2",
    ],
  ];
  for (const [call, message] of messages) expect(call).toThrow(message);
});
