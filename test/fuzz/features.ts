import fc from "fast-check";
import {
  activationBoundaryLoss,
  attentionTransferLoss,
  channelWiseLoss,
  factorTransferLoss,
  fspLoss,
  hierarchicalContextLoss,
  hintLoss,
  nstLoss,
  overhaulLoss,
  vidLoss,
} from "../../src/index.ts";
import * as oracle from "../oracles/features.ts";
import {
  commonRegimes,
  dead,
  large,
  type Numbers,
  near,
  option,
  size,
  tensors,
  ties,
  uniform,
  upstream,
  valuesOf,
} from "./arbitraries.ts";
import { type Case, mapsOf, type Subject } from "./case.ts";

type Settings = fc.Arbitrary<Record<string, number>>;
type Shapes = fc.Arbitrary<{ student: number[][]; teacher: number[][] }>;

const noOptions: Settings = fc.constant({});

const casesOf =
  (shapes: Shapes, settings: Settings = noOptions) =>
  (numbers: Numbers): fc.Arbitrary<Case> =>
    shapes.chain(({ student, teacher }) =>
      fc.record({
        variables: tensors(numbers, student),
        constants: tensors(numbers, teacher),
        options: settings,
        upstream,
      }),
    );

const batch = size(1, 3);
const side = size(1, 5);
const channels = size(1, 3);
const map = (n: number) => fc.tuple(side, side, channels).map((shape): number[] => [n, ...shape]);

/** One to three layers of maps, whose sizes and channels differ between teacher and student. */
const differentMaps: Shapes = fc
  .tuple(batch, size(1, 3))
  .chain(([n, layers]) =>
    fc
      .array(fc.tuple(map(n), map(n)), { minLength: layers, maxLength: layers })
      .map((pairs) => ({ student: pairs.map(([s]) => s), teacher: pairs.map(([, t]) => t) })),
  );

/**
 * Maps of equal sizes but different channels. They need no pooling, which would turn a mean of exactly 0
 * into a rounding error that the norm scales to length 1.
 */
const equalSizes: Shapes = differentMaps.map(({ student, teacher }) => ({
  student,
  teacher: teacher.map(([n, , , channels], l) => [n!, student[l]![1]!, student[l]![2]!, channels!]),
}));

/** One to three layers of maps of the same shapes. */
const equalMaps: Shapes = differentMaps.map(({ student }) => ({ student, teacher: student }));

/** One to three layers of features of rank 2 to 4. */
const equalFeatures: Shapes = fc.oneof(
  equalMaps,
  fc
    .tuple(batch, fc.array(size(1, 6), { minLength: 1, maxLength: 3 }))
    .map(([n, widths]) => widths.map((width) => [n, width]))
    .map((student) => ({ student, teacher: student })),
);

/** Two or three layers of maps with equal channels but different sizes in teacher and student. */
const consecutiveMaps: Shapes = fc.tuple(batch, size(2, 3)).chain(([n, layers]) =>
  fc.array(fc.tuple(map(n), map(n)), { minLength: layers, maxLength: layers }).map((pairs) => ({
    student: pairs.map(([s]) => s),
    teacher: pairs.map(([[, , , c], [, h, w]]) => [n, h!, w!, c!]),
  })),
);

const hint: Subject = {
  name: "hintLoss",
  regimes: {
    ...commonRegimes(casesOf(equalFeatures), 2),
    "near the teacher": near(casesOf(equalFeatures)(uniform(2))),
  },
  library: ({ variables, constants }) => hintLoss(constants, variables),
  oracle: ({ variables, constants }) =>
    oracle.hint(
      constants.map(({ data }) => [...data]),
      variables.map(({ data }) => [...data]),
    ),
};

const powers: Settings = fc
  .constantFrom(undefined, 1, 1.5, 2, 3, 4)
  .map((p): Record<string, number> => (p === undefined ? {} : { p }));
const attentionCases = casesOf(differentMaps, powers);

const attentionTransfer: Subject = {
  name: "attentionTransferLoss",
  regimes: {
    ...commonRegimes(attentionCases, 2),
    ties: casesOf(equalSizes, powers)(ties),
    "dead maps": dead(attentionCases(uniform(2))),
  },
  library: ({ variables, constants }, { options }) =>
    attentionTransferLoss(constants, variables, options),
  oracle: ({ variables, constants }, { options }) =>
    oracle.attentionTransfer(constants.map(mapsOf), variables.map(mapsOf), options.p ?? 2),
};

const factorTransfer: Subject = {
  name: "factorTransferLoss",
  regimes: {
    ...commonRegimes(casesOf(differentMaps), 2),
    ties: casesOf(equalSizes)(ties),
    "dead maps": dead(casesOf(differentMaps)(uniform(2))),
  },
  library: ({ variables, constants }) => factorTransferLoss(constants, variables),
  oracle: ({ variables, constants }) =>
    oracle.factorTransfer(constants.map(mapsOf), variables.map(mapsOf)),
};

const neuronSelectivity: Subject = {
  name: "nstLoss",
  regimes: {
    ...commonRegimes(casesOf(differentMaps), 2),
    ties: casesOf(equalSizes)(ties),
    "dead maps": dead(casesOf(differentMaps)(uniform(2))),
    "near the teacher": near(casesOf(equalMaps)(uniform(2))),
  },
  library: ({ variables, constants }) => nstLoss(constants, variables),
  oracle: ({ variables, constants }) =>
    oracle.neuronSelectivity(constants.map(mapsOf), variables.map(mapsOf)),
};

const solutionFlow: Subject = {
  name: "fspLoss",
  regimes: {
    ...commonRegimes(casesOf(consecutiveMaps), 2),
    "dead maps": dead(casesOf(consecutiveMaps)(uniform(2))),
  },
  library: ({ variables, constants }) => fspLoss(constants, variables),
  oracle: ({ variables, constants }) =>
    oracle.solutionFlow(constants.map(mapsOf), variables.map(mapsOf)),
};

const margins = option("margin", 0, 2);

const activationBoundary: Subject = {
  name: "activationBoundaryLoss",
  regimes: commonRegimes(casesOf(equalFeatures, margins), 2),
  library: ({ variables, constants }, { options }) =>
    activationBoundaryLoss(constants, variables, options),
  oracle: ({ variables, constants }, { options }) =>
    oracle.activationBoundary(
      constants.map(({ data }) => [...data]),
      variables.map(({ data }) => [...data]),
      variables[0]!.shape[0]!,
      options.margin ?? 1,
    ),
};

const hierarchicalContext: Subject = {
  name: "hierarchicalContextLoss",
  regimes: {
    ...commonRegimes(casesOf(equalMaps), 2),
    "near the teacher": near(casesOf(equalMaps)(uniform(2))),
  },
  library: ({ variables, constants }) => hierarchicalContextLoss(constants, variables),
  oracle: ({ variables, constants }) =>
    oracle.hierarchicalContext(constants.map(mapsOf), variables.map(mapsOf)),
};

const temperatures = option("temperature", 0.5, 8);

const channelWiseCases = casesOf(equalMaps, temperatures);

const channelWise: Subject = {
  name: "channelWiseLoss",
  regimes: {
    ...commonRegimes(channelWiseCases, 4),
    "near the teacher": near(channelWiseCases(uniform(4))),
    "high temperature": casesOf(equalMaps, option("temperature", 100, 10_000))(uniform(4)),
  },
  library: ({ variables, constants }, { options }) =>
    channelWiseLoss(constants, variables, options),
  oracle: ({ variables, constants }, { options }) =>
    oracle.channelWise(constants.map(mapsOf), variables.map(mapsOf), options.temperature ?? 1),
};

/** One to three layers of maps with equal channels. */
const equalChannels: Shapes = differentMaps.map(({ student, teacher }) => ({
  student: student.map(([n, h, w], l) => [n!, h!, w!, teacher[l]![3]!]),
  teacher,
}));

/** The margins follow the teacher's maps. */
const overhaulCases =
  (shapes: Shapes) =>
  (numbers: Numbers): fc.Arbitrary<Case> =>
    casesOf(shapes)(numbers).chain((input) =>
      tensors(
        uniform(1),
        input.constants.map(({ shape }) => [shape[3]!]),
      ).map((margins) => ({
        ...input,
        constants: [
          ...input.constants,
          ...margins.map(({ shape, data }) => ({ shape, data: data.map((m) => -Math.abs(m)) })),
        ],
      })),
    );

const overhaul: Subject = {
  name: "overhaulLoss",
  regimes: {
    ...commonRegimes(overhaulCases(equalChannels), 2, "student"),
    ties: overhaulCases(equalMaps)(ties),
    "dead maps": dead(overhaulCases(equalMaps)(uniform(2))),
  },
  library: ({ variables, constants }) => {
    const layers = variables.length;
    return overhaulLoss(constants.slice(0, layers), variables, constants.slice(layers));
  },
  oracle: ({ variables, constants }) => {
    const layers = variables.length;
    const margins = constants.slice(layers).map(({ data }) => data);
    return oracle.overhaul(constants.slice(0, layers).map(mapsOf), variables.map(mapsOf), margins);
  },
};

const oneLayer: Shapes = equalFeatures.map(({ student: [shape] }) => ({
  student: [shape!],
  teacher: [shape!],
}));

/** One layer, and a log scale for each of its channels. */
const vidCases =
  (scales: Numbers, settings: Settings = option("epsilon", 1e-5, 1e-2)) =>
  (numbers: Numbers) =>
    casesOf(
      oneLayer,
      settings,
    )(numbers).chain((input) =>
      valuesOf(scales, [input.variables[0]!.shape.at(-1)!]).map(
        (logScale): Case => ({ ...input, variables: [input.variables[0]!, logScale] }),
      ),
    );

const lowScales: Numbers = (count) =>
  uniform(5)(count).map((xs) => xs.map((x) => Math.fround(x - 15)));
const tinyEpsilon: Settings = fc.constantFrom(1e-8, 1e-6, 1e-5).map((epsilon) => ({ epsilon }));

const variationalInformation: Subject = {
  name: "vidLoss",
  regimes: {
    ...commonRegimes(vidCases(uniform(3)), 2),
    "small variances": vidCases(lowScales, tinyEpsilon)(uniform(2)),
    "small variances, large differences": vidCases(lowScales)(large),
  },
  library: ({ variables: [means, logScale], constants: [teacher] }, { options }) =>
    vidLoss(teacher!, means!, logScale!, options),
  oracle: ({ variables: [means, logScale], constants: [teacher] }, { options }) =>
    oracle.variationalInformation(
      teacher!.data,
      means!.data,
      logScale!.data,
      options.epsilon ?? 1e-5,
    ),
};

export const featureSubjects: readonly Subject[] = [
  hint,
  attentionTransfer,
  factorTransfer,
  neuronSelectivity,
  solutionFlow,
  activationBoundary,
  hierarchicalContext,
  channelWise,
  overhaul,
  variationalInformation,
];
