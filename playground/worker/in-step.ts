/** A run that awaits `turn` after each of its steps. */
export type Run<T> = (turn: () => Promise<void>) => Promise<T>;

/**
 * Runs side by side, a step of each in a round. A run that has ended is no longer waited for.
 *
 * @param afterRound Awaited after each round, before the next one.
 * @returns The results of the runs.
 * @throws What the first failing run or `afterRound` throws. The other runs stop at their next turn.
 */
export async function inStep<T>(
  runs: readonly Run<T>[],
  afterRound: () => Promise<void>,
): Promise<T[]> {
  let active = runs.length;
  let waiting: { go: () => void; fail: (reason: unknown) => void }[] = [];
  let failure: { reason: unknown } | undefined;

  const failAll = (reason: unknown) => {
    failure ??= { reason };
    for (const { fail } of waiting.splice(0)) fail(failure.reason);
  };
  const endRoundIfDue = () => {
    if (waiting.length < active || active === 0) return;
    const round = waiting;
    waiting = [];
    afterRound().then(
      () => {
        for (const { go } of round) go();
      },
      (reason) => {
        waiting = round;
        failAll(reason);
      },
    );
  };
  const turn = () =>
    new Promise<void>((go, fail) => {
      if (failure) return fail(failure.reason);
      waiting.push({ go, fail });
      endRoundIfDue();
    });
  const follow = async (run: Run<T>) => {
    try {
      return await run(turn);
    } catch (reason) {
      failAll(reason);
      throw reason;
    } finally {
      active -= 1;
      endRoundIfDue();
    }
  };
  return Promise.all(runs.map(follow));
}
