import { fspLoss } from "kd-cmi";
import { crossEntropy, distil } from "./distil.ts";
import { firstStageEpochs } from "./epochs.ts";
import { firstStage } from "./first-stage.ts";
import { allMaps, extractor, type Layers, onBoth, shapeOf } from "./layers.ts";
import type { Method, Network } from "./method.ts";

/** The stem's maps too where there are any, as in RepDistiller. */
const flowing: Layers = (network) => {
  const hasStem = network.model.layers.some(({ name }) => name === "stem");
  return [...(hasStem ? ["stem"] : []), ...allMaps("fsp")(network)];
};

/**
 * As in RepDistiller a first stage with nothing but the loss, then cross-entropy alone. Its weight of
 * 50 is not that of the first stage, which has none.
 */
export const fsp: Method = (setup) => {
  const { teacherLayers, studentLayers } = onBoth(setup, flowing);
  checkChannels(setup.teacher, teacherLayers, setup.student, studentLayers);
  const student = extractor(setup.student, studentLayers, { training: true });
  firstStage(setup, {
    name: "fsp",
    epochs: firstStageEpochs(setup.epochs),
    teach: extractor(setup.teacher, teacherLayers),
    loss: (teacherMaps, { inputs }) => fspLoss(teacherMaps, student(inputs)),
  });
  return distil(setup, { loss: crossEntropy });
};

/** An adaptor between different widths would be another method than the published one. */
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
    `table: method fsp needs maps of equal channels, ${teacher.model.name} has ${expected} and ${student.model.name} ${got}`,
  );
}
