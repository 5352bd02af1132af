/** A regime in which a function gives wrong results. */
export interface KnownFault {
  readonly subject: string;
  readonly regime: string;
  /** The backends that have the fault; both by default. */
  readonly backends?: readonly string[];
  readonly fault: string;
}

/**
 * The regimes in which a function is known to give wrong results. The tests assert that each of them
 * fails, so that a change that mends one removes its entry.
 */
export const knownFaults: readonly KnownFault[] = [];

/** The known fault of a function in a regime, if there is one. */
export const knownFaultOf = (subject: string, regime: string, backend: string) =>
  knownFaults.find(
    (known) =>
      known.subject === subject &&
      known.regime === regime &&
      (known.backends ?? [backend]).includes(backend),
  );
