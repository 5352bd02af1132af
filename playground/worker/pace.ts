/** Time between two pictures of a training, ms. The pictures cost about a fifth of it. */
const PICTURE_MS = 250;

/** Time after which a training lets messages in, ms. */
const YIELD_MS = 40;

/** Shows a training now and then, lets messages in, and pauses it. */
export class Pace {
  private shown = 0;
  private yielded = 0;
  private resume: (() => void) | undefined;
  private paused: Promise<void> | undefined;

  setPaused(isPaused: boolean): void {
    if (isPaused === (this.paused !== undefined)) return;
    if (isPaused) {
      this.paused = new Promise((resume) => {
        this.resume = resume;
      });
    } else {
      this.resume!();
      this.paused = undefined;
    }
  }

  /** Awaited after each round of steps. */
  async afterRound(show: () => Promise<void>): Promise<void> {
    if (performance.now() - this.shown >= PICTURE_MS) {
      await show();
      this.shown = performance.now();
    }
    if (performance.now() - this.yielded >= YIELD_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      this.yielded = performance.now();
    }
    await this.paused;
  }
}
