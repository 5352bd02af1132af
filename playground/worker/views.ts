import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { CmiEstimator } from "kd-cmi";
import { cornersOf, project } from "../../experiments/charts/simplex.ts";
import { type Images, pick } from "../../experiments/data/images.ts";
import { range } from "../../experiments/data/order.ts";
import { predictionsOf } from "../../experiments/pipeline/confusion.ts";
import { classesOf, estimate, readLogits } from "../../experiments/pipeline/training.ts";
import type { StudentView, TeacherView } from "../protocol.ts";
import { UNSEEN } from "../unseen.ts";
import type { Shipped } from "./data.ts";

/** The first training images, whose outputs are drawn and whose CMI is shown. */
const SAMPLE = 600;

/** Images in a strip, at most. */
const STRIP = 48;

/** Computes what the page shows of teachers and students. */
export function viewer({ train, test }: Pick<Shipped, "train" | "test">) {
  const sample = pick(train, range(train.labels.length).slice(0, SAMPLE));
  const unseen = range(test.labels.length).filter((i) => test.labels[i] === UNSEEN);
  const strip = unseen.slice(0, STRIP);

  return {
    /** The images of the strip. */
    threes: { pixels: pick(test, strip).pixels, count: strip.length },

    async teacher(model: tfl.LayersModel): Promise<TeacherView> {
      const logits = await readLogits(model, sample);
      const [cmi, { accuracy }] = [await cmiOf(logits, sample), await estimate(model, test)];
      return { cmi, accuracy, points: pointsOf(logits, classesOf(model)), labels: sample.labels };
    },

    async student(model: tfl.LayersModel): Promise<StudentView> {
      const predictions = await predictionsOf(model, test);
      const isRight = (i: number) => predictions[i] === test.labels[i];
      return {
        onUnseen: unseen.filter(isRight).length / unseen.length,
        accuracy: predictions.filter((_, i) => isRight(i)).length / predictions.length,
        predictions: strip.map((i) => predictions[i]!),
      };
    },
  };
}

async function cmiOf(logits: Float32Array, { labels }: Images): Promise<number> {
  const estimator = new CmiEstimator({ numClasses: logits.length / labels.length });
  const [rows, classes] = [
    tf.tensor2d(logits, [labels.length, logits.length / labels.length]),
    tf.tensor1d(labels, "int32"),
  ];
  await estimator.update(classes, rows);
  tf.dispose([rows, classes]);
  return (await estimator.result()).cmi;
}

function pointsOf(logits: Float32Array, count: number): Float32Array {
  const corners = cornersOf(count);
  const images = range(logits.length / count);
  const points = images.flatMap((i) =>
    project(logits.subarray(i * count, (i + 1) * count), 1, corners),
  );
  return Float32Array.from(points);
}
