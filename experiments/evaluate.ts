import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { CmiEstimator } from "kd-cmi";
import { type Images, pick, toLabels } from "./data/images.ts";
import { batches, range } from "./data/order.ts";
import { mappedPlaces, scoreMaps } from "./pipeline/class-maps.ts";
import { accuracyOf, confusionOf } from "./pipeline/confusion.ts";
import type { Plan, StudentPlan } from "./pipeline/plan.ts";
import type { Evaluation, TrainedRun } from "./pipeline/run-plans.ts";
import type { Split } from "./pipeline/split.ts";
import { estimate, readLogits } from "./pipeline/training.ts";

/** Numbers on validation images, for choices, and on test images. */
export interface OnBoth<T> {
  validation: T;
  test: T;
}

/** The result of a run, as plain JSON. */
export interface Outcome {
  teacher: TeacherOutcome;
  student?: StudentOutcome;
  /** CMI of the outputs on training images at the plan's temperature, nats. */
  softCmi?: number;
  maps?: MapsOutcome;
}

export interface TeacherOutcome {
  accuracy: OnBoth<number>;
  crossEntropy: OnBoth<number>;
  /** On the training images, from which the students are distilled; nats. */
  cmi: number;
  normalizedCmi: number | null;
}

/** See `CamClusterScore` of kd-cmi. */
export interface MapsOutcome {
  cmi: number;
  coverage: number;
  divergence: number | null;
}

export interface StudentOutcome {
  accuracy: OnBoth<number>;
  /** Accuracy on each class. */
  perClass: OnBoth<number[]>;
  /** On test images, for students with removed classes. */
  confusion?: number[][];
}

/** What is known of a teacher, with its logits of the training images for all its plans. */
interface EvaluatedTeacher {
  outcome: TeacherOutcome;
  trainLogits: () => Promise<Float32Array>;
}

/** What the experiments measure. */
export const outcomes: Evaluation<EvaluatedTeacher, Outcome> = {
  async evaluateTeacher(model, images) {
    let logits: Promise<Float32Array> | undefined;
    return {
      outcome: await evaluateTeacher(model, images),
      trainLogits: () => (logits ??= readLogits(model, images.train)),
    };
  },

  async evaluateRun({ plan, images, teacher, student }: TrainedRun<EvaluatedTeacher>) {
    const { softCmi: temperature, maps } = plan;
    const { outcome, trainLogits } = teacher.evaluation;
    return {
      teacher: outcome,
      ...(student && { student: await evaluateStudent(student, images, plan.student!) }),
      ...(temperature && {
        softCmi: await softCmi(await trainLogits(), images.train, temperature),
      }),
      ...(maps && { maps: await evaluateMaps(teacher.model, maps, images.test) }),
    };
  },
};

async function evaluateTeacher(model: tfl.LayersModel, images: Split): Promise<TeacherOutcome> {
  const { cmi, normalizedCmi } = await estimate(model, images.train);
  const validation = await estimate(model, images.validation);
  const test = await estimate(model, images.test);
  return {
    accuracy: { validation: validation.accuracy, test: test.accuracy },
    crossEntropy: { validation: validation.crossEntropy, test: test.crossEntropy },
    cmi,
    normalizedCmi,
  };
}

/** Scores of the EigenCAM of test images. */
async function evaluateMaps(
  model: tfl.LayersModel,
  { layer, images }: NonNullable<Plan["maps"]>,
  test: Images,
): Promise<MapsOutcome> {
  const mapped = pick(test, mappedPlaces(test, images));
  const { cmi, coverage, divergence } = await scoreMaps(model, layer, "eigen", mapped);
  return { cmi, coverage, divergence };
}

async function evaluateStudent(
  model: tfl.LayersModel,
  images: Split,
  { removed }: StudentPlan,
): Promise<StudentOutcome> {
  const validation = await confusionOf(model, images.validation);
  const test = await confusionOf(model, images.test);
  const perClass = (confusion: number[][]) =>
    confusion.map((_, label) => accuracyOf(confusion, [label]));
  return {
    accuracy: { validation: accuracyOf(validation), test: accuracyOf(test) },
    perClass: { validation: perClass(validation), test: perClass(test) },
    ...(removed.length > 0 && { confusion: test }),
  };
}

/** I(X;Ŷ|Y) of the outputs, softened by a temperature; nats. */
async function softCmi(logits: Float32Array, images: Images, temperature: number): Promise<number> {
  const classes = logits.length / images.labels.length;
  const estimator = new CmiEstimator({ numClasses: classes });
  for (const places of batches(range(images.labels.length), 5000)) {
    const [first, last] = [places[0]!, places.at(-1)!];
    const rows = logits.slice(first * classes, (last + 1) * classes).map((z) => z / temperature);
    let counted = Promise.resolve();
    tf.tidy(() => {
      const softened = tf.tensor2d(rows, [places.length, classes]);
      counted = estimator.update(toLabels(images, places), softened);
    });
    await counted;
  }
  return (await estimator.result()).cmi;
}
