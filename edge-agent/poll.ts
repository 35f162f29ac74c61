/**
 * One task that repeats: each run says when the next one is due, and a wake-up brings it forward. Never two at once;
 * wake-ups during a run become one more run. It must not know what the task does.
 */

export class Poll {
  /** Resolves to the wait before the next run, in milliseconds; must not reject. */
  readonly #run: () => Promise<number>;
  #timer: NodeJS.Timeout | undefined;
  #state: 'idle' | 'running' | 'again' | 'stopped' = 'idle';

  constructor(run: () => Promise<number>) {
    this.#run = run;
  }

  /** Runs now, or once more after the run that is under way. */
  wake(): void {
    if (this.#state === 'stopped' || this.#state === 'again') return;
    if (this.#state === 'running') {
      this.#state = 'again';
      return;
    }
    clearTimeout(this.#timer);
    this.#state = 'running';
    this.#run().then(
      (delayMs) => this.#finish(delayMs),
      (cause: unknown) => {
        console.error('a task of the agent failed, which is a fault of ours; it is tried again:', cause);
        this.#finish(FAILED_RUN_MS);
      },
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#state = 'stopped';
  }

  #finish(delayMs: number): void {
    if (this.#state === 'stopped') return;
    const again = this.#state === 'again';
    this.#state = 'idle';
    if (again) this.wake();
    else this.#timer = setTimeout(() => this.wake(), delayMs);
  }
}

/** A run that threw is a fault of ours; it is tried again without haste. */
const FAILED_RUN_MS = 30_000;
