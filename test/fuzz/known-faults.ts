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

/** Faults of every loss that is a divergence of softened outputs. */
const ofDivergences = (subject: string): KnownFault[] => [
  fault(subject, "small", "below T = 16 the divergence is off by 1e-7 T²"),
  fault(subject, "near the teacher", "below T = 16 the divergence is off by 1e-7 T²"),
  fault(subject, "masked student", "an infinite divergence is finite, 1e30 times a probability"),
];

/**
 * The regimes in which a function is known to give wrong results. The tests assert that each of them
 * fails, so that a change that mends one removes its entry.
 */
export const knownFaults: readonly KnownFault[] = [
  ...["kdLoss", "dkdLoss", "hsakdLoss"].flatMap(ofDivergences),

  fault("mcmiLoss", "masked label", "an infinite cross-entropy is finite, 1e30 times a label"),
  ...["mcmiLoss", "conditionalMutualInformation"].map((subject) =>
    fault(subject, "infinite centroids", "an infinite centroid counts as 3e38", ["cpu"]),
  ),
  fault("conditionalMutualInformation", "NaN labels", "a NaN in a label row is read as a class"),
  fault("distLoss", "small", "differences of nearly equal probabilities are lost in the gradient"),

  ...["small", "near the teacher"].map((regime) =>
    fault("channelWiseLoss", regime, "below T = 16 the divergence is off by 1e-7 T²"),
  ),
  fault("attentionTransferLoss", "large", "powers overflow before they are normalised"),
  fault("vidLoss", "small variances, large differences", "the gradient by the log scale overflows"),

  fault("crdLoss", "infinite normalizer", "an infinite normalizer counts as 3e38", ["cpu"]),
  fault(
    "inBatchCrdLoss",
    "scores beyond 1e30",
    "scores more than 1e30 below the largest count as 1e30 below it",
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
