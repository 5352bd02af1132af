import { fspLoss } from "kd-cmi";
import { crossEntropy, distil } from "./distil.ts";
import { firstStageEpochs } from "./epochs.ts";
import { firstStage } from "./first-stage.ts";
import { allMaps, extractor, type LayerChoice, onBoth, shapeOf } from "./layers.ts";
import type { Method, Network } from "./method.ts";

/** The maps of the stem, if there is one, and of all stages, as in RepDistiller. */
const flowLayers: LayerChoice = (network) => {
  const hasStem = network.model.layers.some(({ name }) => name === "stem");
  return [...(hasStem ? ["stem"] : []), ...allMaps("fsp")(network)];
};

/**
 * As in RepDistiller: a first stage with the loss alone, then cross-entropy alone. RepDistiller's weight
 * of 50 does not apply to the first stage, which has no weight.
 */
export const fsp: Method = (setup) => {
  const { teacherLayers, studentLayers } = onBoth(setup, flowLayers);
  checkChannels(setup.teacher, teacherLayers, setup.student, studentLayers);
  const student = extractor(setup.student, studentLayers, { training: true });
  firstStage(setup, {
    name: "fsp",
    epochs: firstStageEpochs(setup.epochs),
    teacherOutputs: extractor(setup.teacher, teacherLayers),
    loss: (teacherMaps, { inputs }) => fspLoss(teacherMaps, student(inputs)),
  });
  return distil(setup, { loss: crossEntropy });
};

/** The published method needs equal widths, since it has no adaptor. */
function checkChannels(
  teacher: Network,
  teacherLayers: readonly string[],
  student: Network,
  studentLayers: readonly string[],
): void {
  const channels = (network: Network, layers: readonly string[]) =>
    layers.map((layer) => shapeOf(network, layer).at(-1)).join(", ");
  const [expected, got] = [channels(teacher, teacherLayers), channels(student, studentLayers)];
  if (expected === got) return;
  throw new Error(
    `method fsp: channels of ${student.model.name} must equal those of ${teacher.model.name}, ${expected}, got ${got}`,
  );
}
