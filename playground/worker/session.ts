import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { GREY, type Images, PIXELS } from "../../experiments/data/images.ts";
import { models } from "../../experiments/models/index.ts";
import { fitTeacher, type Regularizer } from "../../experiments/pipeline/fit-teacher.ts";
import { studentImages } from "../../experiments/pipeline/split.ts";
import { trainStudent } from "../../experiments/pipeline/train-student.ts";
import { estimate, logitsOf, type Training } from "../../experiments/pipeline/training.ts";
import { type Report, STUDENTS, type StudentName, type TeacherView } from "../protocol.ts";
import { FINE_TUNING, studentPlan, TEACHER, TEACHER_SCHEDULE, teacherOrder } from "../recipe.ts";
import { type Settings, TEACHER_EPOCHS } from "../settings.ts";
import type { Shipped } from "./data.ts";
import { inStep } from "./in-step.ts";
import { Pace } from "./pace.ts";
import { viewer } from "./views.ts";

const CLASSES = 10;

/** The teachers and students of a page. One training runs at a time. */
export class Session {
  readonly pace = new Pace();
  private readonly views;
  private teachers: Record<"control" | "MCMI", tfl.LayersModel>;
  private students: Record<StudentName, tfl.LayersModel> | undefined;

  constructor(
    private readonly shipped: Shipped,
    private readonly report: (report: Report) => void,
  ) {
    this.views = viewer(shipped);
    this.teachers = { control: shipped.teacher, MCMI: shipped.teacher };
  }

  get threes() {
    return this.views.threes;
  }

  /** What the page shows of the shipped teacher. */
  view(): Promise<TeacherView> {
    return this.views.teacher(this.shipped.teacher);
  }

  /** Fine-tunes the shipped teacher side by side with label smoothing and with λ. */
  async fineTune({ lambda, smoothing, seed }: Settings): Promise<void> {
    const { train: images, teacher } = this.shipped;
    const [control, mcmi] = [copyOf(teacher), copyOf(teacher)];
    const tuned = { model: control, images, schedule: FINE_TUNING, order: `fine-tuning ${seed}` };
    const show = async (step: number, steps: number) => {
      const views = {
        control: await this.views.teacher(control),
        mcmi: await this.views.teacher(mcmi),
      };
      this.report({ kind: "teachers", ...views, step, steps });
    };
    await this.sideBySide(
      [
        (afterStep) => tune({ ...tuned, afterStep }, { labelSmoothing: smoothing }),
        (afterStep) => tune({ ...tuned, model: mcmi, afterStep }, { lambda }),
      ],
      show,
    );
    for (const model of Object.values(this.teachers)) {
      if (model !== teacher) model.dispose();
    }
    this.teachers = { control, MCMI: mcmi };
  }

  /** Trains a student of each teacher, side by side. */
  async distil(settings: Settings): Promise<void> {
    const CE = await this.earlyTeacher(settings);
    const plan = studentPlan(settings);
    const images = studentImages(this.shipped.train, plan, settings.seed);
    const training: Partial<Record<StudentName, tfl.LayersModel>> = {};
    const show = async (step: number, steps: number) => {
      const views = {} as Record<StudentName, Awaited<ReturnType<typeof this.views.student>>>;
      for (const name of STUDENTS) views[name] = await this.views.student(training[name]!);
      this.report({ kind: "students", students: views, step, steps });
    };
    const teachers = { ...this.teachers, CE };
    await this.sideBySide(
      STUDENTS.map((name) => (afterStep) => {
        const teacher = { model: teachers[name], maps: [], embedding: models[TEACHER].embedding };
        return trainStudent(plan, teacher, images, settings.seed, () => {}, {
          afterStep(model, ...done) {
            training[name] = model;
            return afterStep(model, ...done);
          },
        });
      }),
      show,
    );
    if (CE !== this.shipped.teacher) CE.dispose();
    for (const model of Object.values(this.students ?? {})) model.dispose();
    this.students = training as Record<StudentName, tfl.LayersModel>;
  }

  /** The probabilities that each student gives to a drawing; undefined before they are trained. */
  async classify(pixels: Uint8Array): Promise<Record<StudentName, number[]> | undefined> {
    const { students } = this;
    if (!students) return undefined;
    const drawing: Images = { pixels, labels: new Uint8Array(1), shape: GREY };
    if (pixels.length !== PIXELS) throw new Error(`a drawing has ${PIXELS} pixels`);
    const answers = STUDENTS.map(async (name) => {
      const output = tf.tidy(() => tf.softmax(logitsOf(students[name], drawing, [0])));
      const probabilities = await output.data();
      output.dispose();
      return [name, [...probabilities]] as const;
    });
    return Object.fromEntries(await Promise.all(answers)) as Record<StudentName, number[]>;
  }

  /** The shipped CE teacher, or one whose training stops at an earlier epoch. */
  private async earlyTeacher({ epoch, seed }: Settings): Promise<tfl.LayersModel> {
    if (epoch === TEACHER_EPOCHS) return this.shipped.teacher;
    const { train: images } = this.shipped;
    const model = models[TEACHER]({ inputShape: GREY, numClasses: CLASSES, seed });
    const base = { model, images, schedule: TEACHER_SCHEDULE, order: teacherOrder(seed) };
    await this.sideBySide(
      [(afterStep) => tune({ ...base, until: epoch, afterStep }, {})],
      async (step, steps) => {
        const { accuracy } = await estimate(model, this.shipped.test);
        const share = epoch / TEACHER_EPOCHS;
        const early = { epoch, accuracy };
        this.report({ kind: "early", early, step, steps: Math.round(share * steps) });
      },
    );
    return model;
  }

  /** Trains models step by step in turns, and shows them now and then and at the end. */
  private async sideBySide<T>(
    runs: readonly ((afterStep: NonNullable<Training["afterStep"]>) => Promise<T>)[],
    show: (step: number, steps: number) => Promise<void>,
  ): Promise<T[]> {
    let [step, steps] = [0, 0];
    const results = await inStep(
      runs.map(
        (run) => (turn) =>
          run((_model, done, of) => {
            [step, steps] = [done, of];
            return turn();
          }),
      ),
      () => this.pace.afterRound(() => show(step, steps)),
    );
    await show(step, steps);
    return results;
  }
}

const tune = (training: Training, regularizer: Regularizer) =>
  fitTeacher(training, { regularizer }, () => {});

function copyOf(model: tfl.LayersModel): tfl.LayersModel {
  const copy = models[TEACHER]({ inputShape: GREY, numClasses: CLASSES, seed: 1 });
  copy.setWeights(model.getWeights());
  return copy;
}
