/** A regime in which a function gives wrong results. */
export interface KnownFault {
  readonly subject: string;
  readonly regime: string;
  /** The backends that have the fault; both by default. */
  readonly backends?: readonly string[];
  readonly fault: string;
}

const fault = (
  subject: string,
  regime: string,
  description: string,
  backends?: readonly string[],
): KnownFault => ({ subject, regime, fault: description, ...(backends && { backends }) });

const WASM = ["wasm"];

/** Faults of every loss that takes weights. */
const ofWeights = (subject: string): KnownFault[] => [
  fault(
    subject,
    "negative weights",
    "MEAN divides by 1e-37 where the sum of the weights is negative",
  ),
  fault(subject, "tiny weights", "MEAN divides by 1e-37 where the sum of the weights is smaller"),
  fault(subject, "NaN rows of weight 0", "a sample of weight 0 counts if its loss is NaN"),
];

/** Faults of every loss that is a divergence of softened outputs. */
const ofDivergences = (subject: string): KnownFault[] => [
  fault(subject, "small", "the divergence is a difference of logarithms, off by 1e-7 T²"),
  fault(
    subject,
    "near the teacher",
    "the divergence is a difference of logarithms, off by 1e-7 T²",
  ),
  fault(
    subject,
    "high temperature",
    "the divergence is a difference of logarithms, off by 1e-7 T²",
  ),
  fault(subject, "masked", "logits of −∞ give NaN, where 0 · log 0 is 0"),
];

/**
 * The regimes in which a function is known to give wrong results. The tests assert that each of them
 * fails, so that a change that mends one removes its entry.
 */
export const knownFaults: readonly KnownFault[] = [
  ...["mcmiLoss", "kdLoss", "dkdLoss"].flatMap(ofWeights),
  ...["kdLoss", "dkdLoss", "hsakdLoss"].flatMap(ofDivergences),

  ...["mcmiLoss", "conditionalMutualInformation"].flatMap((subject) => [
    fault(subject, "masked", "logits of −∞ give NaN, where 0 · log 0 is 0"),
    fault(subject, "NaN centroids", "a NaN centroid counts as 1e-37", WASM),
    fault(subject, "infinite centroids", "an infinite centroid counts as 3e38"),
  ]),
  ...["NaN", "infinite"].map((regime) =>
    fault(
      "conditionalMutualInformation",
      regime,
      "a NaN in the batch's own centroids counts as 1e-37",
      WASM,
    ),
  ),
  fault("conditionalMutualInformation", "NaN labels", "a NaN in a label row is read as a class"),
  ...[
    "mcmiLoss",
    "conditionalMutualInformation",
    "classCentroids",
    "updateCentroids",
    "dkdLoss",
  ].map((subject) =>
    fault(subject, "label distributions", "rows that are not one-hot are read as a class"),
  ),
  fault(
    "updateCentroids",
    "rows of other sums",
    "rows of absent classes are divided by their sums",
  ),

  fault("distLoss", "small", "differences of nearly equal probabilities are lost in the gradient"),
  fault("distLoss", "equal logits", "the mean of equal probabilities is not that number"),
  fault("standardizeLogits", "equal logits", "the mean of equal logits is not that number"),

  fault("attentionTransferLoss", "large", "the norm of the powers overflows"),
  fault("factorTransferLoss", "large", "the norm of the squares overflows"),
  fault("attentionTransferLoss", "small", "the sign of entries below 1e-7 is 0", WASM),
  fault("factorTransferLoss", "small", "the sign of differences below 1e-7 is 0", WASM),
  fault("factorTransferLoss", "NaN", "the sign of NaN is a number, so that the gradient is finite"),
  fault("vidLoss", "small variances", "softplus cancels where the log scale is low"),
  fault(
    "vidLoss",
    "small variances, large differences",
    "softplus cancels where the log scale is low",
  ),

  fault("similarityLoss", "large", "the norms of the Gram matrix overflow"),
  fault("similarityLoss", "small", "rows of the Gram matrix shorter than 1e-12 count as zeros"),
  fault("correlationLoss", "small", "the sign of differences below 1e-7 is 0", WASM),
  fault("pktLoss", "opposite samples", "1 + cos cancels where the cosine is near −1"),
  fault("rkdLoss", "near samples", "distances from the Gram matrix cancel"),
  fault("rkdLoss", "small", "distances below 1e-12 count as 0"),
  fault("rkdLoss", "NaN", "the gradient of a NaN difference is finite", WASM),

  fault("crdLoss", "NaN normalizer", "a NaN normalizer counts as 1e-37", WASM),
  fault("crdLoss", "infinite normalizer", "an infinite normalizer counts as 3e38"),
  fault(
    "crdLoss",
    "own normalizer, low temperature",
    "contrastNormalizer caps scores at 64, which rows of length 1 exceed below T = 1/64",
  ),
];

/** The known fault of a function in a regime, if there is one. */
export const knownFaultOf = (subject: string, regime: string, backend: string) =>
  knownFaults.find(
    (known) =>
      known.subject === subject &&
      known.regime === regime &&
      (known.backends ?? [backend]).includes(backend),
  );
